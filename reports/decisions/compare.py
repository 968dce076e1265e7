"""Two runs, score by score, on the clips they have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pandas as pd

from syncbench.errors import CommandError
from syncbench.metric import Direction, Score
from syncbench.reports.significance import ALPHA, Key, Tested, key_of, tested
from syncbench.runs import Run
from syncbench.signature import difference

__all__ = ["CHANGED", "Change", "Comparison", "Difference", "compare"]

CHANGED = 5
"""Clips named per score."""


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
        corrected: the same after Holm's correction (see ``significance``).
        few: what there is too little of for any data to be significant (``speakers``, ``clips``), and ``why_few`` how many
            there are and how many would do; empty where there are enough.
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
    few: str
    why_few: str
    n: int
    better: int
    worse: int
    equal: int
    gained: int
    lost: int
    changed: tuple[Change, ...]

    @property
    def verdict(self) -> str:
        """Return ``B better``, ``B worse``, ``differs`` (no way is better), ``not shown``, ``untested``, or that there are
        too few speakers to decide."""
        if self.corrected is None:
            return "untested"
        if self.few:
            return f"too few {self.few} to decide"
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
        withheld: (score, reason) for scores that a run withholds for some of its clips: those are not compared.
        failed_in_a, failed_in_b: clips that failed in that run alone.
    """

    a: str
    b: str
    model_a: str
    model_b: str
    differences: tuple[Difference, ...]
    refused: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    withheld: tuple[tuple[str, str], ...]
    failed_in_a: tuple[str, ...]
    failed_in_b: tuple[str, ...]


def compare(a: Run, b: Run) -> Comparison:
    """Compare run ``b`` with run ``a``.

    Raises:
        CommandError: no score of theirs may be compared; the message says which parts of the signatures differ.
    """
    of_a = {key_of(score): score for score in a.summary.scores}
    of_b = {key_of(score): score for score in b.summary.scores}
    pairs: list[tuple[Score, Score]] = []
    refused: list[tuple[str, str]] = []
    missing: list[tuple[str, str]] = []
    withheld: list[tuple[str, str]] = []
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
            said = [f"{run.name}: {score.reason}" for score, run in ((left, a), (right, b)) if score.withheld]
            withheld += [(label, "; ".join(said))] if said else []
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
        withheld=tuple(withheld),
        failed_in_a=tuple(sorted(failed_a - failed_b)),
        failed_in_b=tuple(sorted(failed_b - failed_a)),
    )


def _same_name(key: Key, scores: Mapping[Key, Score]) -> Score | None:
    """Return the score of that name and condition that another family (protocol, evaluator) measured, if one did."""
    found = (score for other, score in scores.items() if other[1:] == key[1:] and score.value is not None)
    return next(found, None)


def _differences(a: Run, b: Run, pairs: Sequence[tuple[Score, Score]]) -> list[Difference]:
    tests, clips = tested(b, a), _clip_values(a, b)
    return [_difference(left, right, tests.get(key_of(left)), clips.get(key_of(left))) for left, right in pairs]


def _clip_values(a: Run, b: Run) -> dict[Key, pd.DataFrame]:
    """Return (family, score, condition) -> the clips both runs measured: ``clip``, ``value_a`` and ``value_b``."""
    score = ["metric", "score", "condition"]
    left, right = (run.to_pandas()[[*score, "clip", "value"]] for run in (a, b))
    both = left.merge(right, on=[*score, "clip"], suffixes=("_a", "_b")).dropna()
    return {cast("Key", key): rows for key, rows in both.groupby(score, sort=False)}


def _difference(left: Score, right: Score, test: Tested | None, clips: pd.DataFrame | None) -> Difference:
    rows = [] if clips is None else list(zip(clips["clip"], clips["value_a"], clips["value_b"], strict=True))
    changes = [Change(str(clip), float(of_a), float(of_b)) for clip, of_a, of_b in rows]
    sign = {"higher": 1, "lower": -1, "none": 0}[left.direction]
    moved = sorted((c for c in changes if c.difference != 0), key=lambda c: (-abs(c.difference), c.clip))
    errors = changes if left.direction == "lower" else []
    assert left.value is not None
    assert right.value is not None
    result = None if test is None else test.result
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
        difference=result.difference if result else right.value - left.value,
        low=result.low if result else None,
        high=result.high if result else None,
        p=result.p if result else None,
        corrected=test.corrected if test else None,
        few=test.few if test else "",
        why_few=test.why_few if test else "",
        n=result.n if result else min(left.n, right.n),
        better=sum(sign * c.difference > 0 for c in changes),
        worse=sum(sign * c.difference < 0 for c in changes),
        equal=sum(c.difference == 0 for c in changes) if sign else 0,
        gained=sum(c.a != 0 and c.b == 0 for c in errors),
        lost=sum(c.a == 0 and c.b != 0 for c in errors),
        changed=tuple(moved[:CHANGED]),
    )
