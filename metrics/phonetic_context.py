"""How much phonetic context lip generation needs: a score against the length of the window that the generator heard.

CALS (ICASSP 2024) sweeps the window and finds about 1.2 s to be the effective context: the smallest LMD. Here the sweep
is a set of runs that differ in one option alone (``--sweep context=0,4,13``). The curve's best point and its knee (the
shortest window within 1 % of the best score) come with bootstrap intervals over the same clips at every length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import FPS
from syncbench.measurement import Measurement
from syncbench.statistics.resampling import TAILS, draws, resampled

__all__ = ["ContextCurve", "context_curve", "knee", "window_seconds"]

_TOLERANCE = 0.01


def window_seconds(context: float) -> float:
    """Return the length of the window of ``context`` frames on either side, in seconds; infinite for the whole clip."""
    return (2 * context + 1) / FPS


@dataclass(frozen=True, slots=True)
class ContextCurve:
    """A score against context, or another number that a model takes.

    Attributes:
        contexts: frames on either side, ascending; infinite for the whole clip.
        values, low, high: the score at each, and its 95 % interval.
        gains, gains_low, gains_high: the score at each minus the one at the smallest, and its interval.
        best, best_low, best_high: the context of the best value, and its interval.
        knee, knee_low, knee_high: the smallest context within 1 % of the best value, and its interval.
        gain, gain_low, gain_high: the gain at the best value.
    """

    contexts: tuple[float, ...]
    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    gains: tuple[float, ...]
    gains_low: tuple[float, ...]
    gains_high: tuple[float, ...]
    best: float
    best_low: float
    best_high: float
    knee: float
    knee_low: float
    knee_high: float
    gain: float
    gain_low: float
    gain_high: float

    def rows(self) -> list[dict[str, float]]:
        """Return the curve as rows for a table or a figure."""
        columns = zip(self.contexts, self.values, self.low, self.high, strict=True)
        return [
            {"context": n, "seconds": window_seconds(n), "value": value, "low": low, "high": high}
            for n, value, low, high in columns
        ]


def knee(values: NDArray[np.floating[Any]], lower_is_better: bool, tolerance: float = _TOLERANCE) -> NDArray[np.int64]:
    """Return the first place along the last axis within ``tolerance`` (relative) of the best value there."""
    costs = np.asarray(values if lower_is_better else -values, dtype=np.float64)
    best = costs.min(axis=-1, keepdims=True)
    return np.asarray((costs <= best + tolerance * np.abs(best)).argmax(axis=-1), dtype=np.int64)


def context_curve(
    measurements: Mapping[float, Sequence[Measurement]],
    groups: Sequence[str],
    score: str,
    lower_is_better: bool,
    seed: int = 0,
    resamples: int = 1000,
) -> ContextCurve:
    """Return the curve of one score.

    Args:
        measurements: context in frames -> one measurement per clip, the same clips in the same order at each.
        groups: the clips' groups: whole groups are resampled together, at all contexts alike.
        score: a name in the measurements' ``scores``.

    Raises:
        ValueError: fewer than two contexts, unequal numbers of clips, or a score that the clips do not give.
    """
    contexts = tuple(sorted(measurements))
    if len(contexts) < 2 or any(len(measurements[n]) != len(groups) for n in contexts):
        raise ValueError("a context curve needs two or more contexts, measured on the same clips")
    weights = np.concatenate([np.ones((1, len(groups)), dtype=np.int64), draws(groups, resamples, seed)])
    nothing = np.full(len(weights), np.nan)
    rows = [resampled(measurements[n], weights).get(score, nothing) for n in contexts]
    table = np.stack(rows, axis=1)  # [1 + resamples, contexts]
    whole, drawn = table[0], table[1:]
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    if not len(drawn) or not np.isfinite(whole).all():
        raise ValueError(f"{score} has no value at some context")
    low, high = np.quantile(drawn, TAILS, axis=0)
    places = np.array(contexts)
    pick = np.argmin if lower_is_better else np.argmax
    best, bests = int(pick(whole)), places[pick(drawn, axis=1)]
    knees = places[knee(drawn, lower_is_better)]
    gains = whole - whole[0]
    gains_low, gains_high = np.quantile(drawn - drawn[:, :1], TAILS, axis=0)
    return ContextCurve(
        contexts=contexts,
        values=tuple(whole.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        gains=tuple(gains.tolist()),
        gains_low=tuple(gains_low.tolist()),
        gains_high=tuple(gains_high.tolist()),
        best=contexts[best],
        best_low=_quantile(bests, TAILS[0]),
        best_high=_quantile(bests, TAILS[1]),
        knee=contexts[int(knee(whole, lower_is_better))],
        knee_low=_quantile(knees, TAILS[0]),
        knee_high=_quantile(knees, TAILS[1]),
        gain=float(gains[best]),
        gain_low=float(gains_low[best]),
        gain_high=float(gains_high[best]),
    )


def _quantile(values: NDArray[Any], share: float) -> float:
    return float(np.quantile(values, share, method="inverted_cdf"))
