"""Two runs, score by score, on the clips they have in common."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from syncbench.contracts import Direction, Score
from syncbench.errors import CommandError
from syncbench.reports.leaderboard import ALPHA, paired
from syncbench.reports.markdown import bullets, escape
from syncbench.reports.markdown import grid as pipe_table
from syncbench.reports.table import arrow
from syncbench.reports.text import number, plain
from syncbench.runs import Run
from syncbench.signature import difference
from syncbench.significance import holm
from syncbench.statistics import PairedResult

__all__ = ["Change", "Comparison", "Difference", "compare", "print_comparison", "to_json", "to_markdown"]

CHANGED = 5
"""Clips named per score."""
RESAMPLES = 10_000
"""No p-value is below 2 / RESAMPLES: many, so that Holm's correction over many scores leaves something to find."""


@dataclass(frozen=True, slots=True)
class Change:
    """One clip whose score differs between the runs."""

    clip: str
    a: float
    b: float

    @property
    def difference(self) -> float:
        """Return ``b - a``."""
        return self.b - self.a


@dataclass(frozen=True, slots=True)
class Difference:
    """One score of both runs.

    Attributes:
        name, metric, condition, title, unit, direction, digits: as the score says.
        a, b: the runs' corpus scores, each over all clips it measured.
        difference: ``b - a`` over the clips both measured.
        low, high: its 95 % interval (paired bootstrap over groups); None where sums cannot be resampled.
        p: two-sided p-value; None where there is none.
        corrected: the same after Holm's correction over all scores of the comparison.
        n: clips both measured.
        better, worse, equal: clips on which B is better, worse, or neither; zero where no way is better.
        gained, lost: clips that are flawless (zero errors) in B alone, and in A alone; for lower-is-better scores.
        changed: the clips that changed most, largest first.
    """

    name: str
    metric: str
    condition: str
    title: str
    unit: str
    direction: Direction
    digits: int
    a: float
    b: float
    difference: float
    low: float | None
    high: float | None
    p: float | None
    corrected: float | None
    n: int
    better: int
    worse: int
    equal: int
    gained: int
    lost: int
    changed: tuple[Change, ...]

    @property
    def verdict(self) -> str:
        """Return ``B better``, ``B worse``, ``differs`` (no way is better), ``not shown`` or ``untested``."""
        if self.corrected is None:
            return "untested"
        if self.corrected >= ALPHA or self.difference == 0:
            return "not shown"
        if self.direction == "none":
            return "differs"
        return "B better" if (self.difference > 0) == (self.direction == "higher") else "B worse"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Run B against run A.

    Attributes:
        a, b: names of the runs; model_a, model_b: what was run.
        differences: one per score both runs hold under equal signatures.
        refused: (score, what differs) for scores whose signatures do not agree.
        missing: (score, reason) for scores one of the runs cannot give.
        failed_in_a, failed_in_b: clips that failed in that run alone.
    """

    a: str
    b: str
    model_a: str
    model_b: str
    differences: tuple[Difference, ...]
    refused: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    failed_in_a: tuple[str, ...]
    failed_in_b: tuple[str, ...]


def compare(a: Run, b: Run) -> Comparison:
    """Compare run ``b`` with run ``a``.

    Raises:
        CommandError: no score of theirs may be compared; the message says which parts of the signatures differ.
    """
    of_a = {(s.metric, s.name, s.condition): s for s in a.summary.scores}
    of_b = {(s.metric, s.name, s.condition): s for s in b.summary.scores}
    pairs: list[tuple[Score, Score]] = []
    refused: list[tuple[str, str]] = []
    missing: list[tuple[str, str]] = []
    for key in dict.fromkeys([*of_a, *of_b]):
        left, right = of_a.get(key), of_b.get(key)
        label = f"{key[1]} under {key[2]}" if key[2] else key[1]
        label = f"{label} ({key[0]})" if sum(k[1:] == key[1:] for k in {**of_a, **of_b}) > 1 else label
        if left is None or right is None:
            other = _same_name(key, of_a if left is None else of_b)
            if other is not None:
                first, second = (other, of_b[key]) if left is None else (of_a[key], other)
                refused.append((label, "; ".join(difference(first.signature, second.signature))))
                continue
        for score, name in ((left, a.name), (right, b.name)):
            if score is None:
                missing.append((label, f"not asked for in {name}"))
            elif score.value is None:
                missing.append((label, f"{name}: {score.reason or 'no value'}"))
        if left is None or right is None or left.value is None or right.value is None:
            continue
        if parts := difference(left.signature, right.signature):
            refused.append((label, "; ".join(parts)))
        else:
            pairs.append((left, right))
    if not pairs:
        why = refused[0][1] if refused else "; ".join(f"{label}: {reason}" for label, reason in missing[:1])
        raise CommandError(f"{a.name} and {b.name} hold no score that may be compared: {why or 'they hold no scores'}")
    failed_a, failed_b = ({failure.clip for failure in run.summary.failures} for run in (a, b))
    return Comparison(
        a=a.name,
        b=b.name,
        model_a=a.manifest.model,
        model_b=b.manifest.model,
        differences=tuple(_differences(a, b, pairs)),
        refused=tuple(refused),
        missing=tuple(missing),
        failed_in_a=tuple(sorted(failed_a - failed_b)),
        failed_in_b=tuple(sorted(failed_b - failed_a)),
    )


def _same_name(key: tuple[str, str, str], scores: Mapping[tuple[str, str, str], Score]) -> Score | None:
    """Return the score of that name and condition that another family (protocol, evaluator) measured, if one did."""
    found = (score for other, score in scores.items() if other[1:] == key[1:] and score.value is not None)
    return next(found, None)


def _differences(a: Run, b: Run, pairs: Sequence[tuple[Score, Score]]) -> list[Difference]:
    groups = {**a.groups(), **b.groups()}
    families = dict.fromkeys((left.metric, left.condition) for left, _ in pairs)
    tests = {family: paired(b, a, *family, groups, RESAMPLES) for family in families}
    clips = _clip_values(a, b)
    found = [
        _difference(
            left,
            right,
            tests[left.metric, left.condition].get(left.name),
            clips.get((left.metric, left.name, left.condition)),
        )
        for left, right in pairs
    ]
    corrected = holm({str(i): d.p for i, d in enumerate(found) if d.p is not None})
    return [dataclasses.replace(d, corrected=corrected.get(str(i))) for i, d in enumerate(found)]


def _clip_values(a: Run, b: Run) -> dict[tuple[str, ...], pd.DataFrame]:
    """Return (family, score, condition) -> the clips both runs measured: ``clip``, ``value_a`` and ``value_b``."""
    score = ["metric", "score", "condition"]
    left, right = (run.to_pandas()[[*score, "clip", "value"]] for run in (a, b))
    both = left.merge(right, on=[*score, "clip"], suffixes=("_a", "_b")).dropna()
    return {tuple(map(str, cast("tuple[str, ...]", key))): rows for key, rows in both.groupby(score, sort=False)}


def _difference(left: Score, right: Score, test: PairedResult | None, clips: pd.DataFrame | None) -> Difference:
    rows = [] if clips is None else list(zip(clips["clip"], clips["value_a"], clips["value_b"], strict=True))
    changes = [Change(str(clip), float(of_a), float(of_b)) for clip, of_a, of_b in rows]
    sign = {"higher": 1, "lower": -1, "none": 0}[left.direction]
    moved = sorted((c for c in changes if c.difference != 0), key=lambda c: (-abs(c.difference), c.clip))
    errors = changes if left.direction == "lower" else []
    assert left.value is not None
    assert right.value is not None
    return Difference(
        name=left.name,
        metric=left.metric,
        condition=left.condition,
        title=left.title,
        unit=left.unit,
        direction=left.direction,
        digits=left.digits,
        a=left.value,
        b=right.value,
        difference=test.difference if test else right.value - left.value,
        low=test.low if test else None,
        high=test.high if test else None,
        p=test.p if test else None,
        corrected=None,
        n=test.n if test else min(left.n, right.n),
        better=sum(sign * c.difference > 0 for c in changes),
        worse=sum(sign * c.difference < 0 for c in changes),
        equal=sum(c.difference == 0 for c in changes) if sign else 0,
        gained=sum(c.a != 0 and c.b == 0 for c in errors),
        lost=sum(c.a == 0 and c.b != 0 for c in errors),
        changed=tuple(moved[:CHANGED]),
    )


def to_json(comparison: Comparison) -> str:
    """Return the whole comparison as JSON."""
    record = dataclasses.asdict(comparison)
    for entry, found in zip(record["differences"], comparison.differences, strict=True):
        entry["verdict"] = found.verdict
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


_HEADS = ("score", "A", "B", "B - A", "95 %", "p (Holm)", "clips", "+/-/=", "verdict")
"""``+/-/=``: clips on which B is better, worse, equal."""


def _line(d: Difference) -> list[str]:
    label = f"{d.title} [{d.unit}]" if d.unit else d.title
    label = f"{label} {arrow(d.direction)}".rstrip() + (f" ({d.condition})" if d.condition else "")
    interval = "none" if d.low is None else f"{number(d.low, d.digits)} to {number(d.high, d.digits)}"
    return [
        label,
        number(d.a, d.digits),
        number(d.b, d.digits),
        f"{'+' if d.difference > 0 else ''}{number(d.difference, d.digits)}",
        interval,
        "none" if d.corrected is None else f"{d.corrected:.3g}",
        str(d.n),
        f"{d.better}/{d.worse}/{d.equal}" if d.direction != "none" else "",
        d.verdict,
    ]


def _remarks(comparison: Comparison) -> list[str]:
    remarks = [f"{label}: refused, signatures differ in {parts}" for label, parts in comparison.refused]
    remarks += [f"{label}: not compared, {reason}" for label, reason in comparison.missing]
    for d in comparison.differences:
        if d.gained or d.lost:
            remarks.append(f"{d.title}: flips: {d.gained} clips flawless in B alone, {d.lost} in A alone")
    for name, clips in (("A", comparison.failed_in_a), ("B", comparison.failed_in_b)):
        if clips:
            some = ", ".join([*clips[:CHANGED], *(["…"] if len(clips) > CHANGED else [])])
            remarks.append(f"failed in {name} alone: {len(clips)} ({some})")
    return remarks


def _changes(d: Difference) -> str:
    return ", ".join(f"{c.clip} {number(c.a, d.digits)} → {number(c.b, d.digits)}" for c in d.changed)


def print_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """Print the comparison in the terminal."""
    console = console or Console()
    title = f"A = {comparison.a} ({comparison.model_a})   B = {comparison.b} ({comparison.model_b})"
    made = Grid(
        title=Text(plain(title), style="bold"),
        title_justify="left",
        border_style="dim",
        header_style="bold",
        box=box.ROUNDED,
        padding=(0, 0, 0, 1),
    )
    for i, text in enumerate(_HEADS):
        made.add_column(
            Text(text), justify="right" if 0 < i < 8 else "left", no_wrap=i in (1, 2, 3, 8), overflow="fold"
        )
    styles = {"B better": "green", "B worse": "red"}
    for d in comparison.differences:
        made.add_row(*(Text(plain(text)) for text in _line(d)), style=styles.get(d.verdict, ""))
    console.print(made)
    for remark in _remarks(comparison):
        console.print(Text(f"  {plain(remark)}", style="dim"))
    for d in comparison.differences:
        if d.changed:
            console.print(Text(f"  {plain(d.title)} changed most: {plain(_changes(d))}", style="dim"))


def to_markdown(comparison: Comparison) -> str:
    """Return the comparison as Markdown."""
    title = f"{comparison.b} ({comparison.model_b}) against {comparison.a} ({comparison.model_a})"
    rows = [[escape(text) for text in _line(d)] for d in comparison.differences]
    lines = [f"### {escape(title)}", "", *pipe_table(list(_HEADS), ["---", *["---:"] * 7, "---"], rows), ""]
    lines += bullets(escape(remark) for remark in _remarks(comparison))
    changed = [d for d in comparison.differences if d.changed]
    lines += bullets(f"{escape(d.title)} changed most: {escape(_changes(d))}" for d in changed)
    return "\n".join(lines) + "\n"
