"""Which of two systems is better, and not by chance: the one rule behind ranks, marks and ``compare``.

Two runs are held against each other on the clips that both measured, by a paired bootstrap over groups. They have many
scores, so the p-values are corrected for being many (Holm): over the scores of one condition, those of the main table and
those of the details apart. No other system enters, so that two runs get the same answer whoever stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from syncbench import registry
from syncbench.errors import CommandError
from syncbench.metric import Score
from syncbench.runs import Run
from syncbench.signature import comparable
from syncbench.statistics.multiplicity import holm
from syncbench.statistics.paired import PairedResult, paired_test

__all__ = ["ALPHA", "RESAMPLES", "RULE", "Key", "Tested", "key_of", "significantly_better", "tested"]

ALPHA = 0.05
RESAMPLES = 10_000
"""No p-value is below 2 / RESAMPLES: many, so that the correction leaves something to find."""
RULE = "paired bootstrap over groups of clips, Holm over the scores of the two systems, 5 %"

Key = tuple[str, str, str]
"""Family, score and condition."""


@dataclass(frozen=True, slots=True)
class Tested:
    """The difference of two runs in one score, and its p-value after the correction."""

    result: PairedResult
    corrected: float

    @property
    def significant(self) -> bool:
        return self.corrected < ALPHA and self.result.difference != 0


def key_of(score: Score) -> Key:
    """Return what a score is, in any run."""
    return score.metric, score.name, score.condition


@lru_cache(maxsize=512)
def tested(a: Run, b: Run) -> Mapping[Key, Tested]:
    """Return, for every score that may be compared, the difference ``a - b`` over the clips that both measured.

    Scores whose clips cannot be resampled have none.
    """
    of_b = {key_of(score): score for score in b.summary.scores}
    pairs = [(score, other) for score in a.summary.scores if (other := of_b.get(key_of(score))) is not None]
    shared = [score for score, other in pairs if _comparable(score, other)]
    groups = {**a.groups(), **b.groups()}
    results: dict[Key, PairedResult] = {}
    for family, condition in dict.fromkeys((score.metric, score.condition) for score in shared):
        names = [score.name for score in shared if (score.metric, score.condition) == (family, condition)]
        found = _paired(a, b, family, condition, names, groups)
        results |= {(family, name, condition): result for name, result in found.items()}
    corrected: dict[Key, float] = {}
    for condition, headline in dict.fromkeys((score.condition, score.headline) for score in shared):
        keys = [key_of(s) for s in shared if (s.condition, s.headline) == (condition, headline)]
        corrected |= holm({key: results[key].p for key in keys if key in results})
    return {key: Tested(results[key], p) for key, p in corrected.items()}


def _comparable(a: Score, b: Score) -> bool:
    return a.value is not None and b.value is not None and comparable(a.signature, b.signature)


def _paired(
    a: Run, b: Run, family: str, condition: str, names: Sequence[str], groups: Mapping[str, str]
) -> dict[str, PairedResult]:
    try:
        if not registry.metric(family).measurement.resamplable():
            return {}
        of_a, of_b = a.measurements(family, condition), b.measurements(family, condition)
    except CommandError:  # the metric's plugin is not installed here: its numbers can be shown, not resampled
        return {}
    withheld = [run.withheld(family, condition) for run in (a, b)]
    by_clips: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        out = {clip for of in withheld for clip in of.get(name, {})}
        by_clips.setdefault(tuple(sorted((of_a.keys() & of_b.keys()) - out)), []).append(name)
    results: dict[str, PairedResult] = {}
    for clips, own in by_clips.items():
        blocks = [groups.get(clip, "") for clip in clips]
        found = paired_test([of_a[clip] for clip in clips], [of_b[clip] for clip in clips], blocks, RESAMPLES)
        results |= {name: found[name] for name in own if name in found}
    return results


def significantly_better(a: Run, b: Run, score: Score) -> bool:
    """Return whether run ``a`` is better than ``b`` in a score that has a better way, and not by chance."""
    found = tested(a, b).get(key_of(score))
    if found is None or not found.significant or score.direction == "none":
        return False
    return (found.result.difference > 0) == (score.direction == "higher")
