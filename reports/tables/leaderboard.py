"""Leaderboards from runs: who may stand in one table, in which order, and with which notes.

Runs share a table where dataset, split, task and pairing agree; scores share a column where their signatures do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from syncbench import registry
from syncbench.errors import CommandError
from syncbench.metric import Score
from syncbench.reports.significance import RULE
from syncbench.reports.tables.columns import Entry, classes, column, variants
from syncbench.reports.tables.offsets import offset_note
from syncbench.reports.tables.table import Cell, Column, Row, Table
from syncbench.reports.tables.titles import anchor_of, digest, is_clean, is_real, link, system_title
from syncbench.reports.text import percent
from syncbench.runs import Run

__all__ = ["build", "family_tables", "groups", "leaderboard", "runs_of"]

_RANKS = f"Ranks: 1 + the number of systems that are significantly better ({RULE}); = marks ties."
_GAMED = (
    "A score that is significantly better than the real recording's is marked: it says more about the score than about "
    "the system."
)


def leaderboard(runs: Sequence[Run]) -> list[Table]:
    """Return one table per dataset, split, task and pairing, of the headline scores without corruption."""
    return [_leaderboard(group) for group in groups(runs)]


def _leaderboard(group: Sequence[Run]) -> Table:
    entries = [Entry(run, score) for run in group for score in run.summary.scores if is_clean(score.condition)]
    return build(group, [entry for entry in entries if entry.score.headline] or entries)


def family_tables(runs: Sequence[Run], family: str, title: str) -> list[Table]:
    """Return one table per group of all scores of one metric family without corruption, of the runs that have any."""
    tables: list[Table] = []
    for group in groups(runs):
        measured = [run for run in group if _clean_scores(run, family)]
        entries = [Entry(run, score) for run in measured for score in _clean_scores(run, family)]
        if entries:
            table = build(measured, entries)
            tables.append(dataclasses.replace(table, title=f"{title}: {table.title}"))
    return tables


def _clean_scores(run: Run, family: str) -> list[Score]:
    """Return a run's scores of one family without corruption; none where it has no value for any of them."""
    found = [score for score in run.summary.scores if score.metric == family and is_clean(score.condition)]
    return found if any(score.value is not None for score in found) else []


def groups(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs that may share a table."""
    found: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        asked = run.manifest
        found.setdefault((asked.dataset, asked.split, asked.task, asked.pairing), []).append(run)
    return list(found.values())


def runs_of(table: Table, runs: Sequence[Run]) -> list[Run]:
    """Return the runs that stand in a table."""
    links = {row.link for row in table.rows}
    return [run for run in runs if link(run) in links]


def build(group: Sequence[Run], entries: Sequence[Entry]) -> Table:
    """Return the table of some scores of runs that may share one: a column per signature, anchors last."""
    columns_of = [
        members
        for members in classes(entries)
        if any(entry.score.value is not None or entry.score.withheld for entry in members)
    ]
    rows = sorted(group, key=lambda run: run.is_anchor)
    columns: list[Column] = []
    cells: dict[str, list[Cell]] = {str(run.path): [] for run in rows}
    for members, variant in zip(columns_of, variants(columns_of), strict=True):
        made, by_run = column(members, variant, rows, key=f"c{len(columns)}")
        columns.append(made)
        for run in rows:
            cells[str(run.path)].append(by_run[str(run.path)])
    titles = _row_titles(rows)
    asked = rows[0].manifest
    return Table(
        title=" · ".join((f"{asked.dataset}/{asked.split}", asked.task, f"{asked.pairing} pairing")),
        caption="",
        columns=tuple(columns),
        rows=tuple(
            Row(title, run.name, digest(run), anchor_of(run), tuple(cells[str(run.path)]), link(run), is_real(run))
            for run, title in zip(rows, titles, strict=True)
        ),
        dataset=asked.dataset,
        split=asked.split,
        task=asked.task,
        pairing=asked.pairing,
        notes=_notes(rows, titles, columns, cells, entries),
    )


def _row_titles(rows: Sequence[Run]) -> list[str]:
    titles = [system_title(run) for run in rows]
    shared = {title for title in titles if titles.count(title) > 1}
    return [f"{title} ({run.name})" if title in shared else title for run, title in zip(rows, titles, strict=True)]


def _notes(
    rows: Sequence[Run],
    titles: Sequence[str],
    columns: Sequence[Column],
    cells: Mapping[str, Sequence[Cell]],
    entries: Sequence[Entry],
) -> tuple[str, ...]:
    notes: list[str] = []
    if any(made.ranked for made in columns):
        notes.append(_RANKS)
    by_reason: dict[str, list[str]] = {}
    for made in columns:
        if made.undecided:
            by_reason.setdefault(made.undecided, []).append(
                f"{made.title} ({made.variant})" if made.variant else made.title
            )
    notes += [f"No ranks in {', '.join(titles)}: {why}." for why, titles in by_reason.items()]
    if any(cell.beats_real for row in cells.values() for cell in row):
        notes.append(_GAMED)
    if (real := _real_anchor(rows[0])) and not any(is_real(run) for run in rows):
        notes.append(f"No run of {real} is among these: run --model {real} on the same clips.")
    for run, title in zip(rows, titles, strict=True):
        failed = {failure.clip for failure in run.summary.failures}
        if failed:
            notes.append(f"{title}: {len(failed)} of {len(run.manifest.clips)} clips failed in some stage.")
    said: dict[str, list[str]] = {}
    for run, title in zip(rows, titles, strict=True):
        of_run = [entry.score for entry in entries if entry.run is run]
        for text in [
            *_absences(of_run), *_withheld(of_run), *_uncovered(of_run), offset_note(run), *run.summary.remarks
        ]:  # fmt: skip
            if not text:
                continue
            said.setdefault(text, []).append(title)
    for text, by in said.items():
        notes.append(text if len(by) == len(rows) else f"{', '.join(by)}: {text}")
    return tuple(dict.fromkeys(notes))


def _real_anchor(run: Run) -> str:
    """Return the name of the anchor that is the real thing; empty where the task has none, or is not known here."""
    try:
        anchors = registry.task(run.manifest.task).anchors
    except CommandError:
        return ""
    return next((anchor.model for anchor in anchors if anchor.real), "")


def _absences(scores: Sequence[Score]) -> list[str]:
    """Return one sentence per family and reason why a run has no value."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for score in scores:
        if score.value is None and score.reason:
            reasons.setdefault((score.metric, score.reason), []).append(score.title)
    return [f"no {', '.join(dict.fromkeys(t))} ({family}): {reason}" for (family, reason), t in reasons.items()]


def _withheld(scores: Sequence[Score]) -> list[str]:
    """Return one sentence per family and reason why a run's scores are withheld for some of its clips."""
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for score in scores:
        if score.value is not None and score.withheld:
            reasons.setdefault((score.metric, score.condition, score.reason), []).append(score.title)
    return [
        f"{', '.join(dict.fromkeys(titles))} ({f'{family}, {condition}' if condition else family}): {reason}"
        for (family, condition, reason), titles in reasons.items()
    ]


def _uncovered(scores: Sequence[Score]) -> list[str]:
    """Return one sentence per share of frames that a run's scores speak of, where it is not all of them."""
    shares: dict[str, list[str]] = {}
    for score in scores:
        covered = score.coverage
        if score.value is not None and covered is not None and covered < 1:
            shares.setdefault(percent(covered), []).append(score.title)
    return [f"{share} of the frames entered {', '.join(dict.fromkeys(t))}" for share, t in shares.items()]
