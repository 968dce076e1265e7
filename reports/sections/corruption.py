"""Scores under corruption: a table for each metric family, and word error rate by signal-to-noise ratio."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import partial

from syncbench.reports.figures.drawing import Drawing, Widths
from syncbench.reports.figures.snr import snr
from syncbench.reports.section import Section
from syncbench.reports.tables.columns import Entry
from syncbench.reports.tables.leaderboard import build, groups
from syncbench.reports.tables.table import Table
from syncbench.reports.tables.titles import condition_title, is_clean
from syncbench.runs import Run

__all__ = ["SECTION", "conditions"]


def conditions(runs: Sequence[Run]) -> list[Table]:
    """Return, for runs that hold corruptions, one table per group and metric family with one column per corruption.

    It shows the family's first score; the others stand on each system's page.
    """
    tables: list[Table] = []
    for group in groups(runs):
        scores = [(run, score) for run in group for score in run.summary.scores]
        families = dict.fromkeys(score.metric for _, score in scores if not is_clean(score.condition))
        for family in families:
            own = [(run, score) for run, score in scores if score.metric == family]
            first = own[0][1]
            entries = [Entry(run, s, condition_title(s.condition)) for run, s in own if s.name == first.name]
            measured = [run for run in group if any(entry.run is run and entry.score.signature for entry in entries)]
            if not measured:
                continue
            table = build(measured, [entry for entry in entries if any(entry.run is run for run in measured)])
            title = f"{first.title} under corruption: {table.title}"
            tables.append(dataclasses.replace(table, title=title, columns_are="condition"))
    return tables


def _figures(runs: Sequence[Run], widths: Widths) -> Iterator[Drawing]:
    yield Drawing("snr", "Word error rate by signal-to-noise ratio", partial(snr, runs, widths))


SECTION = Section("corruption", "scores under corruption", order=30, tables=conditions, figures=_figures)
