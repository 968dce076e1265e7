"""The leaderboard: headline scores of runs that may be compared, as a table, as dots, and how they agree over clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from syncbench.reports.figures.correlation import correlation
from syncbench.reports.figures.dots import dots
from syncbench.reports.figures.drawing import Drawing, Widths
from syncbench.reports.section import Section
from syncbench.reports.tables.leaderboard import leaderboard, runs_of
from syncbench.runs import Run

__all__ = ["SECTION"]


def _figures(runs: Sequence[Run], widths: Widths) -> Iterator[Drawing]:
    for table in leaderboard(runs):
        title = f"Scores with 95 % intervals, {table.title}"
        yield Drawing(f"leaderboard-{table.key}", title, partial(dots, table, widths.text))
        title = f"How scores agree over clips (Spearman), {table.title}"
        own = runs_of(table, runs)
        yield Drawing(f"correlation-{table.key}", title, partial(correlation, own, widths.column))


SECTION = Section("leaderboard", "headline scores without corruption", order=10, tables=leaderboard, figures=_figures)
