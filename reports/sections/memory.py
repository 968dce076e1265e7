"""What an audio-lip memory holds: its table, and figures of slots by phone, of their mouths, and between two slots."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import partial

from syncbench.metrics.memory_slots import monotonicity
from syncbench.reports.figures.drawing import Drawing, Widths
from syncbench.reports.figures.memory import interpolation, slot_gallery, slots_by_phone
from syncbench.reports.section import Section
from syncbench.reports.tables.leaderboard import family_tables
from syncbench.reports.tables.table import Cell, Column, Table
from syncbench.reports.tables.titles import digest, link
from syncbench.reports.text import number
from syncbench.runs import Run

__all__ = ["SECTION", "memory_tables"]

_FAMILY = "memory_slots"
_FIGURES = (
    ("memory", "Memory slots by phone", slots_by_phone),
    ("slots", "Mouths of the slots in use, each with the phone it is most of and that phone's share", slot_gallery),
    ("blend", "Mouths from one slot to another, and how far they are open in interocular distances", interpolation),
)


def memory_tables(runs: Sequence[Run]) -> list[Table]:
    """Return, for runs of systems with a memory, one table per group: what the slots hold, and how they blend."""
    return [_with_blends(table, runs) for table in family_tables(runs, _FAMILY, "What the memory holds")]


def _with_blends(table: Table, runs: Sequence[Run]) -> Table:
    """Add how steadily the mouth opens from one slot to another, a column of its own."""
    column = Column("blend", "Blend monotonicity", "", "higher", 3, "blend_monotonicity")
    by_link = {link(run): run for run in runs}
    cells = [_blend_cell(by_link[row.link]) for row in table.rows]
    rows = [dataclasses.replace(row, cells=(*row.cells, cell)) for row, cell in zip(table.rows, cells, strict=True)]
    notes = [
        "NMI by chance: the same phones dealt to the same slots at random; p: how often that reaches the NMI found.",
        "Agreement and divergence: sound's address held against the real lips' own.",
        "Blend monotonicity: mean rank correlation of the mouth's opening with the way from one slot to another.",
        *(f"{row.title}: {cell.note}" for row, cell in zip(rows, cells, strict=True) if cell.note),
    ]
    return dataclasses.replace(table, columns=(*table.columns, column), rows=tuple(rows), notes=tuple(notes))


def _blend_cell(run: Run) -> Cell:
    for clip, arrays in run.probes().items():
        if "blend_opening" in arrays:
            value = monotonicity(arrays["blend_opening"])
            pairs = len(arrays["blend_opening"])
            return Cell(
                value, number(value, 3), "higher", note=f"blends of {pairs} pairs of slots, clip {clip}", n=pairs
            )
    return Cell(None, "n/a", "higher", note="the run kept no blends of slots")


def _figures(runs: Sequence[Run], widths: Widths) -> Iterator[Drawing]:
    for run in runs:
        for kind, title, draw in _FIGURES:
            name = f"{kind}-{run.name}-{digest(run)[:6]}"
            yield Drawing(name, f"{title}, {run.name}", partial(draw, run, widths.column))


SECTION = Section("memory", "what an audio-lip memory holds", order=60, tables=memory_tables, figures=_figures)
