"""Published numbers, for orientation: kept apart from measured ones and never ranked with them.

Other preparations, other clips and other weights stand behind them, so that none has a signature.
"""

from __future__ import annotations

from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from syncbench.metric import Direction
from syncbench.reports.tables.table import Cell, Column, Row, Table
from syncbench.reports.text import number

__all__ = ["Literature", "Published", "load_literature", "published_tables"]

_COLUMNS: dict[str, tuple[str, str, Direction, int]] = {
    "lse_c": ("LSE-C", "", "higher", 3),
    "lse_d": ("LSE-D", "", "lower", 3),
    "fid": ("FID", "", "lower", 2),
    "ssim": ("SSIM", "", "higher", 3),
    "psnr": ("PSNR", "dB", "higher", 2),
    "lmd": ("LMD", "", "lower", 2),
}


class Published(BaseModel):
    """One row of a paper or thread: where it stands, who quotes it, how it was made as far as known, how sure it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str
    dataset: str
    protocol: str
    scores: dict[str, float]
    source: str
    quoted_by: str
    certainty: str


class Literature(BaseModel):
    """``literature.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    note: str
    rows: tuple[Published, ...]


def load_literature() -> Literature:
    """Read the published numbers that come with the package."""
    text = (files("syncbench.reports.tables") / "literature.json").read_text(encoding="utf-8")
    return Literature.model_validate_json(text)


def published_tables(datasets: list[str] | None = None) -> list[Table]:
    """Return one table per dataset (of those named), in no order of merit; no cell has rank, mark or signature."""
    known = load_literature()
    wanted = list(dict.fromkeys(row.dataset for row in known.rows if datasets is None or row.dataset in datasets))
    return [_table(known, dataset) for dataset in wanted]


def _table(known: Literature, dataset: str) -> Table:
    rows = [row for row in known.rows if row.dataset == dataset]
    names = [name for name in _COLUMNS if any(name in row.scores for row in rows)]
    columns = tuple(Column(f"c{i}", *_COLUMNS[name], signature="") for i, name in enumerate(names))
    return Table(
        title=f"Published elsewhere: {dataset.upper()}",
        caption="Not measured here and not comparable with the tables above.",
        columns=columns,
        rows=tuple(
            Row(row.method, "", "", "", tuple(_cell(row, n) for n in names), literature=_source(row)) for row in rows
        ),
        dataset=dataset,
        notes=(known.note,),
        measured=False,
    )


def _cell(row: Published, name: str) -> Cell:
    _, _, direction, digits = _COLUMNS[name]
    value = row.scores.get(name)
    return Cell(value, number(value, digits), direction)


def _source(row: Published) -> str:
    quoted = f", quoted by {row.quoted_by}" if row.quoted_by else ""
    return f"{row.source}{quoted}; protocol: {row.protocol}; {row.certainty}"
