"""Tables as comma-separated values, one line per number, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io

from syncbench.reports.tables.table import Table
from syncbench.reports.text import plain

__all__ = ["FIELDS", "guard", "to_csv"]

# the full-width forms are read as formulas by spreadsheets in East Asian locales
_FORMULA = ("=", "+", "-", "@", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20")

FIELDS = (
    "table", "dataset", "split", "task", "pairing", "system", "anchor", "score", "unit", "direction", "value", "low",
    "high", "n", "failed", "withheld", "coverage", "rank", "beats_real", "measured", "source", "note", "signature", "run",
    "sha256",
)  # fmt: skip


def guard(text: str) -> str:
    """Return untrusted ``text`` with an apostrophe before what a spreadsheet would read as a formula."""
    clean = plain(text)
    return f"'{clean}" if clean.lstrip(" '\"").startswith(_FORMULA) else clean


def to_csv(tables: list[Table]) -> str:
    """Return one line per cell, with full precision; empty where there is no value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for table in tables:
        common = [guard(part) for part in (table.title, table.dataset, table.split, table.task, table.pairing)]
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                low, high = cell.interval or (None, None)
                counts = [str(cell.n), str(cell.failed), str(cell.withheld)]
                counts += [_exact(cell.coverage), str(cell.rank or "")]
                numbers = [_exact(cell.value), _exact(low), _exact(high), *counts]
                system = [guard(row.title), row.anchor, guard(_score(column.title, column.variant))]
                texts = [cell.note, cell.signature, row.run, row.digest]
                measured = [_yes(cell.beats_real), _yes(table.measured), guard(row.literature)]
                writer.writerow(
                    [*common, *system, guard(column.unit), column.direction, *numbers, *measured, *map(guard, texts)]
                )
    return out.getvalue()


def _score(title: str, variant: str) -> str:
    return f"{title} ({variant})" if variant else title


def _exact(value: float | None) -> str:
    return "" if value is None else repr(float(value))


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"
