"""Which of two systems is better, and not by chance: the one rule behind ranks, marks and ``compare``.

Two runs are held against each other on the clips that both measured, by a paired bootstrap over groups. They have many
scores, so the p-values are corrected for being many (Holm): over the scores of one condition, those of the main table and
those of the details apart. No other system enters, so that two runs get the same answer whoever stands beside them.

A test of few speakers has no small p-value, whatever the data. Where none that it can give survives the correction, it says
nothing, not even that no difference is shown: there are too few speakers to decide.
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
from syncbench.statistics.paired import PairedResult, blocks_needed, paired_test

__all__ = [
    "ALPHA",
    "RESAMPLES",
    "RULE",
    "Key",
    "Tested",
    "key_of",
    "of_what",
    "said_blocks",
    "significantly_better",
    "tested",
    "undecided",
]

ALPHA = 0.05
RESAMPLES = 10_000
"""No p-value is below 2 / RESAMPLES: many, so that the correction leaves something to find."""
RULE = "paired bootstrap over groups of clips, Holm over the scores of the two systems, 5 %"

Key = tuple[str, str, str]
"""Family, score and condition."""


@dataclass(frozen=True, slots=True)
class Tested:
    """The difference of two runs in one score, and its p-value after the correction.

    Attributes:
        smallest: the smallest corrected p-value that there could have been, whatever the data: were all scores that are
            corrected together as clear as their clips allow. ``together`` says how many these are.
    """

    result: PairedResult
    corrected: float
    smallest: float
    together: int

    @property
    def significant(self) -> bool:
        return self.corrected < ALPHA and self.result.difference != 0

    @property
    def few(self) -> str:
        """What there is too little of for any data to be significant: ``speakers``, or ``clips`` where each stands alone.

        Empty where there are enough.
        """
        return "" if self.smallest < ALPHA else of_what(self.result)

    @property
    def why_few(self) -> str:
        """How many there are, and how many would do; empty where there are enough."""
        if not self.few:
            return ""
        there = said_blocks(self.result)
        needed = blocks_needed(ALPHA / self.together)
        many = f" to find a difference in {self.together} scores at once" if self.together > 1 else ""
        return f"too few {self.few} to decide: {there}, at least {needed} are needed{many}"


def of_what(result: PairedResult) -> str:
    """Return what was resampled: ``clips`` where each stands alone, else ``speakers``."""
    return "clips" if result.blocks == result.n else "speakers"


def said_blocks(result: PairedResult) -> str:
    """Return how many independent groups there are, such as ``9 speakers or source videos``."""
    return f"{result.blocks} {'clips' if result.blocks == result.n else 'speakers or source videos'}"


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
    tests: dict[Key, Tested] = {}
    for condition, headline in dict.fromkeys((score.condition, score.headline) for score in shared):
        keys = [key_of(s) for s in shared if (s.condition, s.headline) == (condition, headline)]
        own = {key: results[key] for key in keys if key in results}
        corrected = holm({key: result.p for key, result in own.items()})
        smallest = holm(
            {key: result.smallest for key, result in own.items()}
        )  # a smaller p-value never makes one larger
        tests |= {key: Tested(own[key], corrected[key], smallest[key], len(own)) for key in own}
    return tests


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


def undecided(a: Run, b: Run, score: Score) -> str:
    """Return why no data could have told two runs apart in a score: too few speakers; empty where some could."""
    found = tested(a, b).get(key_of(score))
    return "" if found is None else found.why_few
