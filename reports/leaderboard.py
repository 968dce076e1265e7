"""Leaderboards from runs: who may stand in one table, in which order, and with which marks.

Runs share a table where dataset, split, task and pairing agree; scores share a column where their signatures do. Ranks
come from paired tests on the clips two systems have in common, never from values alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePath

from syncbench.contracts import Score
from syncbench.corruptions.spelling import parse as parse_condition
from syncbench.errors import CommandError
from syncbench.reports.paired import paired_test
from syncbench.reports.table import Cell, Column, Row, Table
from syncbench.reports.text import file_name, number
from syncbench.runs import Run
from syncbench.signature import comparable, parse
from syncbench.significance import holm
from syncbench.statistics import PairedResult

__all__ = [
    "ALPHA",
    "anchor_of",
    "condition_title",
    "conditions",
    "digest",
    "family_tables",
    "is_clean",
    "leaderboard",
    "link",
    "paired",
    "shared_parts",
    "system_title",
]

ALPHA = 0.05
_REAL = "reference"
_ANCHORS = {"reference": "real video", "shuffled": "another's speech", "frozen": "one frame"}
_RANKS = "Ranks: 1 + the number of systems that are significantly better (paired bootstrap, Holm, 5 %); = marks ties."
_GAMED = "A score better than the real video's is marked: it says more about the score than about the system."


def leaderboard(runs: Sequence[Run]) -> list[Table]:
    """Return one table per dataset, split, task and pairing, of the headline scores without corruption."""
    return [_leaderboard(group) for group in _groups(runs)]


def conditions(runs: Sequence[Run]) -> list[Table]:
    """Return, for runs that hold corruptions, one table per group and metric family with one column per corruption.

    It shows the family's first score; the others stand on each system's page.
    """
    tables: list[Table] = []
    for group in _groups(runs):
        scores = [(run, score) for run in group for score in run.summary.scores]
        families = dict.fromkeys(score.metric for _, score in scores if not is_clean(score.condition))
        for family in families:
            first = next(score for _, score in scores if score.metric == family)
            entries = [_Entry(run, s, condition_title(s.condition)) for run, s in scores if s.name == first.name]
            measured = [run for run in group if any(entry.run is run and entry.score.signature for entry in entries)]
            if not measured:
                continue
            table = _build(measured, [entry for entry in entries if any(entry.run is run for run in measured)])
            title = f"{first.title} under corruption: {table.title}"
            tables.append(dataclasses.replace(table, title=title, columns_are="condition"))
    return tables


def family_tables(runs: Sequence[Run], family: str, title: str) -> list[Table]:
    """Return one table per group of all scores of one metric family without corruption, of the runs that have any."""
    tables: list[Table] = []
    for group in _groups(runs):
        measured = [run for run in group if _clean_scores(run, family)]
        entries = [_Entry(run, score) for run in measured for score in _clean_scores(run, family)]
        if entries:
            table = _build(measured, entries)
            tables.append(dataclasses.replace(table, title=f"{title}: {table.title}"))
    return tables


def _clean_scores(run: Run, family: str) -> list[Score]:
    """Return a run's scores of one family without corruption; none where it has no value for any of them."""
    found = [score for score in run.summary.scores if score.metric == family and is_clean(score.condition)]
    return found if any(score.value is not None for score in found) else []


def condition_title(condition: str) -> str:
    """Return ``babble@0 + blur`` for ``audio=babble@0,visual=blur``, and ``clean`` where nothing is corrupted."""
    try:
        found = parse_condition(condition)
    except CommandError:  # written by a later version that knows more corruptions
        return condition
    return " + ".join(part for part in (found.audio, found.visual) if part != "clean") or "clean"


def is_clean(condition: str) -> bool:
    """Return whether a condition corrupts nothing."""
    return not condition or all(part.endswith("=clean") for part in condition.split(","))


def anchor_of(run: Run) -> str:
    """Return ``reference``, ``shuffled``, ``frozen``, or nothing for a system."""
    return run.manifest.model.partition(":")[0] if run.is_anchor else ""


def system_title(run: Run) -> str:
    """Return what a table calls the run: the model, with its file but no folders; for anchors what it stands for."""
    anchor = anchor_of(run)
    if anchor in _ANCHORS:
        return f"{anchor} ({_ANCHORS[anchor]})"
    name, colon, argument = run.manifest.model.partition(":")
    return f"{name}{colon}{PurePath(argument).name if argument.startswith('/') else argument}"


def digest(run: Run) -> str:
    """Return the SHA-256 of the run's summary: the record that a printed number can be traced to."""
    return hashlib.sha256((run.path / "summary.json").read_bytes()).hexdigest()


def link(run: Run) -> str:
    """Return the address of the run's details within the HTML page."""
    return f"#run-{file_name(run.name)}-{digest(run)[:8]}"


def paired(
    a: Run, b: Run, metric: str, condition: str, groups: Mapping[str, str], resamples: int = 2000
) -> dict[str, PairedResult]:
    """Return score -> difference ``a - b`` over the clips both runs measured; empty where nothing can be resampled."""
    try:
        of_a, of_b = a.measurements(metric, condition), b.measurements(metric, condition)
    except CommandError:  # the metric's plugin is not installed here: its numbers can be shown, not resampled
        return {}
    common = [clip for clip in of_a if clip in of_b]
    if len(common) < 2:
        return {}
    names = [groups.get(clip, "") for clip in common]
    return paired_test([of_a[clip] for clip in common], [of_b[clip] for clip in common], names, resamples)


def shared_parts(signature: str) -> str:
    """Return a signature without the parts that may differ between comparable scores."""
    name, parts = parse(signature)
    return "|".join([name, *(f"{key}={value}" for key, value in parts.items() if key not in ("n", "v"))])


@dataclass(frozen=True, slots=True)
class _Entry:
    """A score of a run, and the column's variant where the table is about corruptions."""

    run: Run
    score: Score
    variant: str = ""


def _groups(runs: Sequence[Run]) -> list[list[Run]]:
    groups: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        asked = run.manifest
        groups.setdefault((asked.dataset, asked.split, asked.task, asked.pairing), []).append(run)
    return list(groups.values())


def _leaderboard(group: Sequence[Run]) -> Table:
    entries = [_Entry(run, score) for run in group for score in run.summary.scores if is_clean(score.condition)]
    return _build(group, [entry for entry in entries if entry.score.headline] or entries)


def _build(group: Sequence[Run], entries: Sequence[_Entry]) -> Table:
    classes = [members for members in _classes(entries) if any(entry.score.value is not None for entry in members)]
    rows = sorted(group, key=lambda run: run.is_anchor)
    columns: list[Column] = []
    cells: dict[str, list[Cell]] = {str(run.path): [] for run in rows}
    for members, variant in zip(classes, _variants(classes), strict=True):
        column, by_run = _column(members, variant, rows, key=f"c{len(columns)}")
        columns.append(column)
        for run in rows:
            cells[str(run.path)].append(by_run[str(run.path)])
    titles = _row_titles(rows)
    asked = rows[0].manifest
    return Table(
        title=" · ".join((f"{asked.dataset}/{asked.split}", asked.task, f"{asked.pairing} pairing")),
        caption="",
        columns=tuple(columns),
        rows=tuple(
            Row(title, run.name, digest(run), anchor_of(run), tuple(cells[str(run.path)]), link(run))
            for run, title in zip(rows, titles, strict=True)
        ),
        dataset=asked.dataset,
        split=asked.split,
        task=asked.task,
        pairing=asked.pairing,
        notes=_notes(rows, titles, columns, cells, entries),
    )


def _classes(entries: Sequence[_Entry]) -> list[list[_Entry]]:
    """Return the entries by column. A score that could not be had (no signature) joins the first column of its name."""
    classes: list[list[_Entry]] = []
    for entry in sorted(entries, key=lambda entry: not entry.score.signature):
        for members in classes:
            if _same_column(members[0], entry):
                members.append(entry)
                break
        else:
            classes.append([entry])
    order = list(dict.fromkeys((entry.variant, entry.score.metric, entry.score.name) for entry in entries))
    return sorted(classes, key=lambda c: order.index((c[0].variant, c[0].score.metric, c[0].score.name)))


def _same_column(first: _Entry, entry: _Entry) -> bool:
    if first.variant != entry.variant:
        return False
    if not entry.score.signature or not first.score.signature:
        return (first.score.metric, first.score.name) == (entry.score.metric, entry.score.name)
    return comparable(first.score.signature, entry.score.signature)


def _row_titles(rows: Sequence[Run]) -> list[str]:
    titles = [system_title(run) for run in rows]
    shared = {title for title in titles if titles.count(title) > 1}
    return [f"{title} ({run.name})" if title in shared else title for run, title in zip(rows, titles, strict=True)]


def _variants(classes: Sequence[Sequence[_Entry]]) -> list[str]:
    """Return what tells each column from the others of its title: the signature parts that differ among them."""
    variants: list[str] = []
    for members in classes:
        first = members[0]
        if first.variant:
            variants.append(first.variant)
            continue
        twins = [parse(c[0].score.signature)[1] for c in classes if c[0].score.title == first.score.title]
        own = parse(first.score.signature)[1]
        differing = [key for key in own if key not in ("n", "v") and len({twin.get(key) for twin in twins}) > 1]
        variants.append(", ".join(f"{key}={own[key]}" for key in differing))
    return variants


def _column(members: Sequence[_Entry], variant: str, rows: Sequence[Run], key: str) -> tuple[Column, dict[str, Cell]]:
    """Return one column and its cell for every run, by the run's path."""
    score = members[0].score
    found = {str(entry.run.path): entry for entry in members}
    competing = [entry for entry in members if not entry.run.is_anchor and entry.score.value is not None]
    competing = _ordered(competing) if score.direction != "none" else []
    better = _significantly_better(competing)
    ranks = {str(entry.run.path): 1 + sum(pair[1] == i for pair in better) for i, entry in enumerate(competing)}
    ranked = better is not None and len(competing) > 1 and all(entry.score.low is not None for entry in competing)
    clear = ranked and all((0, j) in better for j in range(1, len(competing)))
    real = next((e.score.value for e in members if anchor_of(e.run) == _REAL), None)
    column = Column(
        key=key,
        title=score.title,
        unit=score.unit,
        direction=score.direction,
        digits=score.digits,
        signature=shared_parts(score.signature),
        variant=variant,
        protocol=parse(score.signature)[1].get("protocol", ""),
        ranked=ranked,
    )
    cells: dict[str, Cell] = {}
    for run in rows:
        path = str(run.path)
        entry = found.get(path)
        if entry is None:
            cells[path] = Cell(None, "n/a", score.direction, anchor=run.is_anchor)
            continue
        own = entry.score
        place = next((i for i, other in enumerate(competing) if other is entry), None)
        rank = ranks[path] if ranked and place is not None else None
        cells[path] = Cell(
            value=own.value,
            display=number(own.value, own.digits),
            direction=own.direction,
            link=link(run),
            interval=(own.low, own.high) if own.low is not None and own.high is not None else None,
            rank=rank,
            tied=rank is not None and list(ranks.values()).count(rank) > 1,
            order=_order(place, competing),
            clear=clear and place == 0,
            anchor=run.is_anchor,
            beats_real=not run.is_anchor and _beats(own.value, real, own.direction),
            note=own.reason,
            signature=own.signature,
            n=own.n,
            failed=own.failed,
        )
    return column, cells


def _ordered(entries: Sequence[_Entry]) -> list[_Entry]:
    sign = -1 if entries and entries[0].score.direction == "higher" else 1
    return sorted(entries, key=lambda entry: sign * (entry.score.value or 0.0))


def _order(place: int | None, competing: Sequence[_Entry]) -> int | None:
    """Return the place by value, equal values sharing the better place; None where nothing competes."""
    if place is None or len(competing) < 2:
        return None
    return 1 + next(i for i, other in enumerate(competing) if other.score.value == competing[place].score.value)


def _significantly_better(competing: Sequence[_Entry]) -> set[tuple[int, int]]:
    """Return the pairs (i, j), by place, where i is better than j after Holm's correction over the column's pairs."""
    p_values: dict[str, float] = {}
    pairs = list(combinations(range(len(competing)), 2))
    resamples = max(2000, 100 * len(pairs))  # no p-value is below 2 / resamples: Holm must be able to find something
    for i, j in pairs:
        a, b = competing[i], competing[j]
        score = a.score
        result = paired(a.run, b.run, score.metric, score.condition, a.run.groups(), resamples).get(score.name)
        if result is not None and result.difference != 0:
            ahead = (result.difference > 0) == (score.direction == "higher")
            p_values[f"{i} {j}" if ahead else f"{j} {i}"] = result.p
    return {(int(pair.split()[0]), int(pair.split()[1])) for pair, p in holm(p_values).items() if p < ALPHA}


def _beats(value: float | None, real: float | None, direction: str) -> bool:
    if value is None or real is None or direction == "none":
        return False
    return value > real if direction == "higher" else value < real


def _notes(
    rows: Sequence[Run],
    titles: Sequence[str],
    columns: Sequence[Column],
    cells: Mapping[str, Sequence[Cell]],
    entries: Sequence[_Entry],
) -> tuple[str, ...]:
    notes: list[str] = []
    if any(column.ranked for column in columns):
        notes.append(_RANKS)
    if any(cell.beats_real for row in cells.values() for cell in row):
        notes.append(_GAMED)
    if rows[0].manifest.task != "avsr" and not any(anchor_of(run) == _REAL for run in rows):
        notes.append("No run of the real video is among these: evaluate --model reference on the same clips.")
    for run, title in zip(rows, titles, strict=True):
        failed = {failure.clip for failure in run.summary.failures}
        if failed:
            notes.append(f"{title}: {len(failed)} of {len(run.manifest.clips)} clips failed in some stage.")
    said: dict[str, list[str]] = {}
    for run, title in zip(rows, titles, strict=True):
        for text in [*_absences(run, entries), *run.summary.remarks]:
            said.setdefault(text, []).append(title)
    for text, by in said.items():
        notes.append(text if len(by) == len(rows) else f"{', '.join(by)}: {text}")
    return tuple(dict.fromkeys(notes))


def _absences(run: Run, entries: Sequence[_Entry]) -> list[str]:
    """Return one sentence per family and reason why the run has no value."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        if entry.run is run and entry.score.value is None and entry.score.reason:
            reasons.setdefault((entry.score.metric, entry.score.reason), []).append(entry.score.title)
    return [f"no {', '.join(dict.fromkeys(t))} ({family}): {reason}" for (family, reason), t in reasons.items()]
