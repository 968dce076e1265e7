"""The table every report is written from: what a cell says, not how it looks.

Writers (terminal, Markdown, LaTeX, CSV, HTML) are functions from a ``Table`` to text. All text in a table is
untrusted; each writer escapes it for its own format.
"""

from __future__ import annotations

from dataclasses import dataclass

from syncbench.metric import Direction

__all__ = ["Cell", "Column", "Row", "Table", "arrow", "head"]


@dataclass(frozen=True, slots=True)
class Column:
    """One score under one preparation.

    Attributes:
        key: unique within the table.
        title, unit, direction, digits: as the score's metric declares them.
        signature: what every cell agrees in: the score's signature without counts and version.
        variant: what tells this column from another one of the same title, such as ``protocol=native``.
        protocol: the preparation, where the signature names one.
        ranked: whether ranks were asked of statistics here; False where no interval is defined, and where nothing could
            have been decided.
        undecided: why no data could have ranked any two systems: too few speakers; empty where some could.
    """

    key: str
    title: str
    unit: str
    direction: Direction
    digits: int
    signature: str
    variant: str = ""
    protocol: str = ""
    ranked: bool = False
    undecided: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One number with all that must be said beside it.

    Attributes:
        value: None where there is none; ``note`` then says why.
        display: the value as printed.
        direction: which way is better.
        link: relative address of the details; empty for none.
        interval: bounds of the 95 % interval; None where none is defined.
        rank: 1 + the number of systems that are significantly better; None for anchors and unranked columns.
        tied: another system has the same rank.
        order: place by value alone among the systems (1 = best value); None for anchors.
        clear: the best value, and significantly better than every other system's.
        anchor: the row is an anchor: shown, never ranked.
        beats_real: the value is significantly better than the real recording's.
        note: remarks or the reason of a missing value.
        signature: the full signature, counts and version included.
        n, failed, withheld: clips that entered it, clips that could not be measured, and clips that it was withheld for.
        coverage: share of the frames of the clips measured or withheld that entered it, 0..1; None where frames say
            nothing.
    """

    value: float | None
    display: str
    direction: Direction
    link: str = ""
    interval: tuple[float, float] | None = None
    rank: int | None = None
    tied: bool = False
    order: int | None = None
    clear: bool = False
    anchor: bool = False
    beats_real: bool = False
    note: str = ""
    signature: str = ""
    n: int = 0
    failed: int = 0
    coverage: float | None = None
    withheld: int = 0

    @property
    def count(self) -> str:
        """Return how many clips entered it, of how many, such as ``58/60``; empty where all did."""
        listed = self.n + self.failed + self.withheld
        return f"{self.n}/{listed}" if self.n < listed else ""

    @property
    def rank_display(self) -> str:
        """Return ``2`` or, where others share it, ``2=``; empty where there is no rank."""
        return "" if self.rank is None else f"{self.rank}{'=' if self.tied else ''}"


@dataclass(frozen=True, slots=True)
class Row:
    """One run.

    Attributes:
        title: the system, with the run's name where two runs share it.
        run: the run's name.
        digest: hash of the run's summary, for the record.
        anchor: the anchor's name, such as ``frozen``; empty for a system.
        cells: one per column.
        link: relative address of the system's details; empty for none.
        real: the anchor that answers with the real thing.
        literature: where the numbers were published; empty for measured ones.
    """

    title: str
    run: str
    digest: str
    anchor: str
    cells: tuple[Cell, ...]
    link: str = ""
    real: bool = False
    literature: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that may be compared.

    Attributes:
        title, caption: what the table shows.
        dataset, split, task, pairing: what all rows have in common; empty where they do not apply.
        columns, rows: every row has one cell per column; anchors come last.
        rows_are, columns_are: ``system``, ``score``, ``condition``, ...: what stands in each.
        notes: sentences to print below.
        measured: False for published numbers, which are never ranked with measured ones.
    """

    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    dataset: str = ""
    split: str = ""
    task: str = ""
    pairing: str = ""
    notes: tuple[str, ...] = ()
    measured: bool = True
    rows_are: str = "system"
    columns_are: str = "score"

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(f"row '{row.title}' has {len(row.cells)} cells for {len(self.columns)} columns")

    @property
    def systems(self) -> tuple[Row, ...]:
        """Return the rows that compete."""
        return tuple(row for row in self.rows if not row.anchor)

    @property
    def anchors(self) -> tuple[Row, ...]:
        """Return the rows that only give the scale."""
        return tuple(row for row in self.rows if row.anchor)

    @property
    def key(self) -> str:
        """Return what its rows have in common, for the names of files."""
        return "-".join(part for part in (self.dataset, self.split, self.task, self.pairing) if part)

    @property
    def protocols(self) -> tuple[str, ...]:
        """Return the protocols of the columns, each once, in order."""
        return tuple(dict.fromkeys(column.protocol for column in self.columns if column.protocol))


def arrow(direction: Direction) -> str:
    """Return the arrow that points to better values; empty where neither way is better."""
    return {"higher": "↑", "lower": "↓", "none": ""}[direction]


def head(column: Column) -> str:
    """Return a column's head on one line, such as ``PSNR [dB] ↑``."""
    unit = f"[{column.unit}]" if column.unit else ""
    variant = f"({column.variant})" if column.variant else ""
    return " ".join(part for part in (column.title, variant, unit, arrow(column.direction)) if part)
