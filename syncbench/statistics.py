"""Intervals and paired tests on measurements, by resampling groups of clips.

Clips of one speaker or one source video are not independent, so whole groups are drawn (block bootstrap; Bisani and Ney
2004; Liu and Peng, arXiv 1912.09508). A score is recomputed from resampled *sums*, never averaged from per-clip ratios.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import Measurement

__all__ = ["Interval", "PairedResult", "blocks", "bootstrap", "paired_bootstrap", "resamplable"]

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A percentile bootstrap interval, 95 %."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PairedResult:
    """The difference ``a - b`` of two corpus scores over the same clips, its 95 % interval and two-sided p-value."""

    difference: float
    low: float
    high: float
    p: float
    n: int


def resamplable(kind: type[Measurement]) -> bool:
    """Return whether a measurement is made of plain numbers, so that its sums can be resampled by a matrix product."""
    zero = kind.zero()
    return all(isinstance(getattr(zero, f.name), int | float) for f in dataclasses.fields(zero))


def blocks(groups: Sequence[str]) -> NDArray[np.intp]:
    """Return the block number of each clip, ``[n]``.

    An empty group is a clip that stands alone. Where all clips fall into one group there is nothing to resample by group,
    and every clip is its own block: the interval then speaks of this speaker (or video) alone.
    """
    labels = [group or f"\0{i}" for i, group in enumerate(groups)]
    if len(set(labels)) <= 1:
        return np.arange(len(labels))
    return np.unique(np.array(labels), return_inverse=True)[1]


def _weights(groups: Sequence[str], resamples: int, seed: int) -> NDArray[np.float64]:
    """Return how often each clip enters each resample, ``[resamples, n]``."""
    block = blocks(groups)
    count = int(block.max()) + 1
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    return draws[:, block].astype(np.float64)


def _resampled(measurements: Sequence[Measurement], weights: NDArray[np.float64]) -> Mapping[str, Any]:
    """Return score -> values ``[resamples]`` from weighted sums of the measurements' fields."""
    kind = type(measurements[0])
    fields = [f.name for f in dataclasses.fields(kind)]
    table = np.array([[float(getattr(m, name)) for name in fields] for m in measurements])
    sums = weights @ table
    with np.errstate(divide="ignore", invalid="ignore"):
        return kind(**dict(zip(fields, sums.T, strict=True))).scores()


def bootstrap(
    measurements: Sequence[Measurement], groups: Sequence[str], seed: int = 0, resamples: int = 1000
) -> dict[str, Interval]:
    """Return score -> 95 % interval. Empty where fewer than two blocks exist or sums cannot be resampled.

    Args:
        measurements: one per clip, in any fixed order.
        groups: the group of each clip, same length.
    """
    if len(measurements) < 2 or not resamplable(type(measurements[0])):
        return {}
    tail = (1 - CONFIDENCE) / 2
    result: dict[str, Interval] = {}
    for name, values in _resampled(measurements, _weights(groups, resamples, seed)).items():
        finite = np.asarray(values, dtype=float)
        finite = finite[np.isfinite(finite)]
        if finite.size:
            low, high = np.quantile(finite, [tail, 1 - tail])
            result[name] = Interval(float(low), float(high))
    return result


def paired_bootstrap(
    a: Sequence[Measurement], b: Sequence[Measurement], groups: Sequence[str], seed: int = 0, resamples: int = 2000
) -> dict[str, PairedResult]:
    """Compare two systems on the same clips: score -> difference ``a - b`` with interval and p-value.

    The p-value is two-sided: twice the smaller share of resampled differences on either side of zero, with one added to
    count and total so that it is never zero (Davison and Hinkley 1997, section 4.2).

    Raises:
        ValueError: the sequences differ in length.
    """
    if not len(a) == len(b) == len(groups):
        raise ValueError("paired measurements must be of the same clips")
    if len(a) < 2 or not resamplable(type(a[0])):
        return {}
    weights = _weights(groups, resamples, seed)
    scores_a, scores_b = _resampled(a, weights), _resampled(b, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        total_a, total_b = _resampled(a, np.ones((1, len(a)))), _resampled(b, np.ones((1, len(b))))
    tail = (1 - CONFIDENCE) / 2
    result: dict[str, PairedResult] = {}
    for name in scores_a:
        differences = np.asarray(scores_a[name], dtype=float) - np.asarray(scores_b[name], dtype=float)
        differences = differences[np.isfinite(differences)]
        if not differences.size:
            continue
        low, high = np.quantile(differences, [tail, 1 - tail])
        side = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
        result[name] = PairedResult(
            difference=float(total_a[name][0] - total_b[name][0]),
            low=float(low),
            high=float(high),
            p=min(1.0, 2 * (side + 1) / (differences.size + 1)),
            n=len(a),
        )
    return result
