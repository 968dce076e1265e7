"""The paired test behind every rank, comparison and gate."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from syncbench.contracts import Measurement
from syncbench.statistics import PairedResult, blocks, paired_bootstrap

__all__ = ["independent", "paired_test"]


def independent(groups: Sequence[str]) -> int:
    """Return how many independent clips, or groups of clips, there are."""
    return int(blocks(groups).max()) + 1 if len(groups) else 0


def paired_test(
    a: Sequence[Measurement], b: Sequence[Measurement], groups: Sequence[str], resamples: int = 2000
) -> dict[str, PairedResult]:
    """Return score -> difference ``a - b`` with interval and p-value; empty where nothing can be resampled.

    A bootstrap of a handful of blocks is too sure of itself: where all k blocks agree, its p-value is as small as the
    number of resamples allows. An exact test that flips signs by block has no p-value below ``2 / 2**k``, so none is
    given here either.
    """
    floor = 2.0 ** (1 - independent(groups))
    found = paired_bootstrap(a, b, groups, seed=0, resamples=resamples)
    return {name: dataclasses.replace(result, p=max(result.p, min(1.0, floor))) for name, result in found.items()}
