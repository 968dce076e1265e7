"""The page: one HTML file that works offline and asks no host for anything; videos lie beside it as files.

Everything that came from a run goes through jinja2's autoescape. A content security policy, given by the hashes of the
page's own style and script, lets nothing else run or load even if an escape were missed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from syncbench._version import __version__
from syncbench.reports.figures.drawing import Figure
from syncbench.reports.tables.table import Cell, Table, arrow
from syncbench.reports.text import number, percent, plain
from syncbench.reports.writers import vector
from syncbench.reports.writers.details import Details, details
from syncbench.runs import Run

__all__ = ["render", "write_page"]

MEDIA = "media"


def write_page(
    runs: Sequence[Run],
    tables: Sequence[Table],
    published: Sequence[Table],
    figures: Sequence[Figure],
    out: Path,
) -> Path:
    """Write ``index.html`` and the media it shows under ``out``; return the page's path."""
    pages = [details(run, out / MEDIA) for run in runs]
    path = out / "index.html"
    path.write_text(render(tables, published, pages, figures), encoding="utf-8")
    return path


def render(
    tables: Sequence[Table], published: Sequence[Table], pages: Sequence[Details], figures: Sequence[Figure]
) -> str:
    """Return the page's text."""
    style, script = _asset("page.css"), _asset("page.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, loader=FunctionLoader(_asset), trim_blocks=False, finalize=_clean
    )
    environment.globals.update(arrow=arrow, num=number, percent=percent, bar=_bar)
    return environment.get_template("page.html").render(
        policy=_policy(style, script),
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        tables=[(table, _scales(table)) for table in tables],
        published=[(table, [(None, None)] * len(table.columns)) for table in published],
        pages=pages,
        figures=figures,
        choices=[
            ("dataset", _each(table.dataset for table in tables)),
            ("task", _each(table.task for table in tables)),
            ("protocol", _each(protocol for table in tables for protocol in table.protocols)),
        ],
    )


def _asset(name: str) -> str:
    return (files("syncbench.reports.writers") / "templates" / name).read_text(encoding="utf-8")


def _clean(value: Any) -> Any:
    """Take control and bidirectional characters out of every text that is not ours."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _policy(style: str, script: str) -> str:
    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; style-src {source(style)}; script-src {source(script)}; img-src 'self' file: data:; "
        "media-src 'self' file:; base-uri 'none'; form-action 'none'"
    )


def _each(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})


def _scales(table: Table) -> list[tuple[tuple[float, float] | None, float | None]]:
    """Return, per column, the span its bars share and the real thing's value.

    Where all columns are one score (under corruptions), they share one span, so that bars compare across too.
    """
    columns = range(len(table.columns))
    one = len({column.title for column in table.columns}) == 1
    scales: list[tuple[tuple[float, float] | None, float | None]] = []
    for i in columns:
        cells = [row.cells[j] for row in table.rows for j in (columns if one else (i,))]
        ends = [end for c in cells if c.value is not None for end in (c.value, *(c.interval or ()))]
        real = next((r.cells[i].value for r in table.anchors if r.real), None)
        margin = 0.05 * (max(ends) - min(ends)) if ends else 0.0
        scales.append(((min(ends) - margin, max(ends) + margin) if len(set(ends)) > 1 else None, real))
    return scales


def _bar(cell: Cell, span: tuple[float, float], real: float | None) -> Markup:
    assert cell.value is not None
    return vector.interval_bar(cell.value, cell.interval, span, real)
