"""Sweeps among runs: those that differ in one number a model takes, such as its context, with the curve of each score.

Context on synthetic data is held against what is known there: how far the rendered mouths' coarticulation reaches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from syncbench import registry
from syncbench.errors import CommandError
from syncbench.files import read_arrays
from syncbench.metric import Score
from syncbench.metrics.phonetic_context import ContextCurve, context_curve
from syncbench.reports.tables.titles import is_clean, system_title
from syncbench.runs import Run
from syncbench.signature import comparable

__all__ = ["CONTEXT", "Sweep", "same_score", "sweeps"]

CONTEXT = "context"
_WHOLE = "clip"
"""What the option ``context`` calls a window over the whole clip."""
_TRUTH = frozenset({"phones", "articulators", "reach", "identity"})


@dataclass(frozen=True, slots=True)
class Sweep:
    """Runs of one model over the same clips that differ in the option ``key`` alone.

    Attributes:
        values: the option's values, ascending; infinite for the whole clip.
        runs: one for each.
        scores: the headline scores with a better way, as the first run has them.
        curves: the curve of each score.
        reach: frames of context that the clips' coarticulation is known to need; None where it is not, or ``key`` is no
            context.
    """

    key: str
    values: tuple[float, ...]
    runs: tuple[Run, ...]
    scores: tuple[Score, ...]
    curves: tuple[ContextCurve, ...]
    reach: int | None

    @property
    def title(self) -> str:
        """Return the model, with the options it was given beside the one that is swept."""
        others = [f"{key}={value}" for key, value in self.runs[0].manifest.request.options.items() if key != self.key]
        return ", ".join([system_title(self.runs[0]), *others])

    @property
    def is_context(self) -> bool:
        """Whether the option is the context that a generator hears."""
        return self.key == CONTEXT

    def label(self, value: float) -> str:
        """Return a value as the option spells it."""
        return _WHOLE if math.isinf(value) else f"{value:g}"


def sweeps(runs: Sequence[Run]) -> list[Sweep]:
    """Return what is swept among the runs: every option whose numbers alone make two runs or more differ."""
    systems = [run for run in runs if not run.is_anchor]
    found: list[Sweep] = []
    for key in dict.fromkeys(key for run in systems for key in run.manifest.request.options):
        groups: dict[str, dict[float, Run]] = {}
        for run in systems:
            value = _value(run, key)
            if value is not None:
                groups.setdefault(_else(run, key), {}).setdefault(value, run)
        found += [_sweep(key, group) for group in groups.values() if len(group) > 1]
    return [sweep for sweep in found if sweep.curves]


def _value(run: Run, key: str) -> float | None:
    """Return an option as a number: as the system says it understood it, else as it was given."""
    asked = run.manifest
    text = asked.settings.get(key) or asked.request.options.get(key, "")
    if key == CONTEXT and text == _WHOLE:
        return math.inf
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _else(run: Run, key: str) -> str:
    """Return all that must agree among the runs of a sweep."""
    asked = run.manifest
    others = [{k: v for k, v in of.items() if k != key} for of in (asked.request.options, asked.settings)]
    return repr((asked.model, asked.dataset_hash, asked.split, asked.pairing, asked.seed, run.conditions, others))


def _sweep(key: str, group: Mapping[float, Run]) -> Sweep:
    values = tuple(sorted(group))
    runs = tuple(group[value] for value in values)
    curves = {score: curve for score in runs[0].summary.scores if (curve := _curve(score, values, runs)) is not None}
    reach = _known_reach(runs[0]) if key == CONTEXT else None
    return Sweep(key, values, runs, tuple(curves), tuple(curves.values()), reach)


def _curve(score: Score, values: Sequence[float], runs: Sequence[Run]) -> ContextCurve | None:
    """Return the curve of a score over the clips that all runs measured; None where there can be none."""
    if not score.headline or score.direction == "none" or score.value is None or not is_clean(score.condition):
        return None
    try:
        if not all(comparable(same_score(run, score).signature, score.signature) for run in runs):
            return None
        if not registry.metric(score.metric).measurement.resamplable():
            return None
        kept = [run.measurements(score.metric, score.condition, score.name) for run in runs]
    except (CommandError, StopIteration):  # the metric's plugin is not installed here, or a run lacks the score
        return None
    clips = [clip for clip in kept[0] if all(clip in of for of in kept)]
    groups = runs[0].groups()
    measured = {value: [of[clip] for clip in clips] for value, of in zip(values, kept, strict=True)}
    try:
        return context_curve(measured, [groups[clip] for clip in clips], score.name, score.direction == "lower")
    except ValueError:  # no clip in common, or no value
        return None


def same_score(run: Run, score: Score) -> Score:
    """Return a run's own value of a score that another run has. Raises StopIteration."""
    wanted = (score.metric, score.name, score.condition)
    return next(own for own in run.summary.scores if (own.metric, own.name, own.condition) == wanted)


def _known_reach(run: Run) -> int | None:
    """Return how far coarticulation reaches in the run's clips, from their truth; None where any clip has none."""
    files = [clip.extras.get("truth") for clip in map(run.reference, run.groups())]
    known = tuple(file for file in files if file is not None and file.is_file())
    return _reach_of(known) if known and len(known) == len(files) else None


@lru_cache(maxsize=8)
def _reach_of(files: tuple[Path, ...]) -> int | None:
    from syncbench.datasets.synthetic.reach import coarticulation_reach

    truths = [read_arrays(file) for file in files]
    return coarticulation_reach(truths) if all(truth.keys() >= _TRUTH for truth in truths) else None
