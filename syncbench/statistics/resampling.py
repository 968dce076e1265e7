"""Resampling of groups of clips: the one bootstrap behind every interval and test.

Clips of one speaker or one source video are not independent, so whole groups are drawn (block bootstrap; Bisani and Ney
2004; Liu and Peng, arXiv 1912.09508). A score is recomputed from resampled *sums*, never averaged from per-clip ratios.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from syncbench.measurement import Measurement

__all__ = ["CONFIDENCE", "TAILS", "Interval", "blocks", "bootstrap", "draws", "independent", "interval", "resampled"]

CONFIDENCE = 0.95
TAILS = ((1 - CONFIDENCE) / 2, 1 - (1 - CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True)
class Interval:
    """A percentile bootstrap interval, 95 %."""

    low: float
    high: float


def blocks(groups: Sequence[str]) -> NDArray[np.intp]:
    """Return the block number of each clip, ``[n]``.

    An empty group is a clip that stands alone. Where all clips fall into one group there is nothing to resample by group,
    and every clip is its own block: the interval then speaks of this speaker (or video) alone.
    """
    labels = [group or f"\0{i}" for i, group in enumerate(groups)]
    if len(set(labels)) <= 1:
        return np.arange(len(labels))
    return np.unique(np.array(labels), return_inverse=True)[1]


def independent(groups: Sequence[str]) -> int:
    """Return how many independent clips, or groups of clips, there are."""
    return int(blocks(groups).max()) + 1 if len(groups) else 0


def draws(groups: Sequence[str], resamples: int = 1000, seed: int = 0) -> NDArray[np.int64]:
    """Return how often each clip enters each resample, int64 ``[resamples, n]``: whole groups are drawn."""
    block = blocks(groups)
    count = int(block.max()) + 1
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)[:, block]


def resampled(measurements: Sequence[Measurement], weights: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Return score -> values ``[resamples]`` from sums of the measurements weighed by ``weights`` ``[resamples, n]``."""
    kind = type(measurements[0])
    rows = [measurement.sums() for measurement in measurements]
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = np.array([[float(row.get(name, 0)) for name in names] for row in rows])  # [n, sums]
    sums = weights.astype(np.float64) @ table
    with np.errstate(divide="ignore", invalid="ignore"):
        scores: Mapping[str, Any] = kind.of(dict(zip(names, sums.T, strict=True))).scores()
    return {name: np.asarray(values, dtype=np.float64) for name, values in scores.items()}


def interval(values: ArrayLike) -> Interval | None:
    """Return the 95 % interval of resampled values; None where none of them is a number."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return None
    low, high = np.quantile(finite, TAILS)
    return Interval(float(low), float(high))


def bootstrap(
    measurements: Sequence[Measurement], groups: Sequence[str], seed: int = 0, resamples: int = 1000
) -> dict[str, Interval]:
    """Return score -> 95 % interval. Empty where fewer than two clips exist or sums cannot be resampled.

    Args:
        measurements: one per clip, in any fixed order.
        groups: the group of each clip, same length.
    """
    if len(measurements) < 2 or not type(measurements[0]).resamplable():
        return {}
    found = resampled(measurements, draws(groups, resamples, seed))
    return {name: bounds for name, values in found.items() if (bounds := interval(values)) is not None}
