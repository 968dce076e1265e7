"""Paired tests see what is there and not what is not."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.measurement import Ratios
from syncbench.statistics.paired import blocks_needed, paired_test, smallest_p

from .conftest import Rate, Vector, draw


def test_paired_test_sees_a_small_common_difference_and_keeps_its_level() -> None:
    rng = np.random.default_rng(2)
    clips, who = draw(rng, 100, 0.3, 100, 0.2)
    better = [Rate(max(0, c.errors - (i % 4 == 0)), 10) for i, c in enumerate(clips)]
    found = paired_test(clips, better, who)["rate"]
    assert found.difference > 0
    assert found.low > 0
    assert found.p < 0.01
    alarms = 0
    for trial in range(100):
        a, who = draw(rng, 60, 0.3, 60, 0.0)
        b, _ = draw(rng, 60, 0.3, 60, 0.0)
        alarms += paired_test(a, b, who, seed=trial, resamples=400)["rate"].p < 0.05
    assert alarms <= 12


def test_the_p_value_is_two_sided() -> None:
    # One clip of a hundred differs: the systems are equal wherever that clip is not drawn.
    clips = [Rate(3, 10)] * 100
    other = [Rate(4, 10), *clips[1:]]
    chance = 2 * 0.99**100
    worse, better = paired_test(other, clips, [""] * 100)["rate"], paired_test(clips, other, [""] * 100)["rate"]
    assert worse.p == pytest.approx(chance, abs=0.05)
    assert better.p == worse.p
    assert (better.difference, better.low, better.high) == pytest.approx((-worse.difference, -worse.high, -worse.low))
    assert worse.difference == pytest.approx(0.001)
    assert worse.n == 100


def test_the_p_value_is_never_zero_and_never_above_one() -> None:
    worse, better = [Rate(4, 10)] * 40, [Rate(3, 10)] * 40
    assert paired_test(worse, better, [""] * 40, resamples=999)["rate"].p == 2 / 1000
    assert paired_test(worse, worse, [""] * 40)["rate"].p == 1.0


@pytest.mark.parametrize(("groups", "blocks"), [(["a", "b", "c"] * 4, 3), ([""] * 12, 12), (["a"] * 12, 12)])
def test_a_handful_of_blocks_is_never_surer_than_an_exact_test(groups: list[str], blocks: int) -> None:
    found = paired_test([Rate(4, 10)] * 12, [Rate(3, 10)] * 12, groups, resamples=20_000)["rate"]
    assert found.p == pytest.approx(2 / 2**blocks)
    assert found.p == found.smallest == smallest_p(blocks, 20_000), "all blocks agree: no data could say it better"
    assert found.blocks == blocks


def test_as_many_blocks_are_needed_as_give_a_p_value_below_the_level() -> None:
    for scores in (1, 4, 23):
        needed = blocks_needed(0.05 / scores)
        assert scores * smallest_p(needed, 10_000) < 0.05 <= scores * smallest_p(needed - 1, 10_000)
    assert smallest_p(60, 999) == 2 / 1000, "resamples bound it, too"
    assert smallest_p(0, 999) == 1


def test_a_score_that_only_one_system_has_is_not_compared() -> None:
    a = [Ratios({"lmd": (2.0, 1), "lip_wer": (50.0, 1)})] * 3
    b = [Ratios({"lmd": (1.0, 1), "psnr": (0.0, 0)})] * 3
    assert set(paired_test(a, b, [""] * 3)) == {"lmd"}
    nothing = [Ratios({"lmd": (0.0, 0)})] * 3
    assert paired_test(a, nothing, [""] * 3) == {}


def test_arrays_are_not_resampled_and_pairs_must_match() -> None:
    assert paired_test([Vector(np.zeros(3))] * 2, [Vector(np.ones(3))] * 2, ["", ""]) == {}
    assert paired_test([Rate(1, 2)], [Rate(1, 2)], [""]) == {}
    with pytest.raises(ValueError, match="same clips"):
        paired_test([Rate(1, 2)] * 2, [Rate(1, 2)], ["", ""])
