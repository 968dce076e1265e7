"""The paired test behind every rank, comparison and gate: two systems on the same clips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from syncbench.measurement import Measurement
from syncbench.statistics.resampling import TAILS, draws, independent, resampled

__all__ = ["PairedResult", "blocks_needed", "paired_test", "smallest_p"]


@dataclass(frozen=True, slots=True)
class PairedResult:
    """The difference ``a - b`` of two corpus scores over the same clips, its 95 % interval and two-sided p-value.

    Attributes:
        n: clips; blocks: independent clips, or groups of clips, among them.
        smallest: the smallest p-value that the test could have given, whatever the data (:func:`smallest_p`).
    """

    difference: float
    low: float
    high: float
    p: float
    n: int
    blocks: int
    smallest: float


def smallest_p(blocks: int, resamples: int) -> float:
    """Return the smallest p-value that :func:`paired_test` can give for so many independent groups, whatever the data.

    >>> smallest_p(9, 10_000)
    0.00390625
    """
    return max(2 / (resamples + 1), min(1.0, 2.0 ** (1 - blocks)))


def blocks_needed(level: float) -> int:
    """Return how few independent groups can give a p-value below a level: all of them agreeing.

    >>> blocks_needed(0.05), blocks_needed(0.05 / 23)
    (6, 10)
    """
    return math.floor(math.log2(2 / level)) + 1


def paired_test(
    a: Sequence[Measurement], b: Sequence[Measurement], groups: Sequence[str], resamples: int = 2000, seed: int = 0
) -> dict[str, PairedResult]:
    """Return score -> difference ``a - b`` with interval and p-value; empty where nothing can be resampled.

    The p-value is two-sided: twice the smaller share of resampled differences on either side of zero, with one added to
    count and total so that it is never zero (Davison and Hinkley 1997, section 4.2).

    A bootstrap of a handful of blocks is too sure of itself: where all k blocks agree, its p-value is as small as the
    number of resamples allows. An exact test that flips signs by block has no p-value below ``2 / 2**k``, so none is
    given here either.

    Raises:
        ValueError: the sequences differ in length.
    """
    if not len(a) == len(b) == len(groups):
        raise ValueError("paired measurements must be of the same clips")
    if len(a) < 2 or not type(a[0]).resamplable():
        return {}
    weights = draws(groups, resamples, seed)
    drawn_a, drawn_b = resampled(a, weights), resampled(b, weights)
    whole = np.ones((1, len(a)))
    total_a, total_b = resampled(a, whole), resampled(b, whole)
    blocks = independent(groups)
    result: dict[str, PairedResult] = {}
    for name in drawn_a:
        if name not in drawn_b:
            continue
        differences = drawn_a[name] - drawn_b[name]
        differences = differences[np.isfinite(differences)]
        if not differences.size:
            continue
        low, high = np.quantile(differences, TAILS)
        side = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
        p = min(1.0, 2 * (side + 1) / (differences.size + 1))
        smallest = smallest_p(blocks, differences.size)
        result[name] = PairedResult(
            difference=float(total_a[name][0] - total_b[name][0]),
            low=float(low),
            high=float(high),
            p=max(p, smallest),
            n=len(a),
            blocks=blocks,
            smallest=smallest,
        )
    return result
