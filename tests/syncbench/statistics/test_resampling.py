"""Intervals cover, and blocks matter."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.measurement import Ratios
from syncbench.statistics.resampling import Interval, blocks, bootstrap, draws, independent, interval, resampled

from .conftest import Rate, Vector, draw


def test_interval_is_of_the_ratio_of_sums_not_of_the_mean_of_ratios() -> None:
    clips = [Rate(0, 1)] * 50 + [Rate(50, 100)] * 50
    interval = bootstrap(clips, [""] * 100)["rate"]
    assert interval.low < 2500 / 5050 < interval.high
    assert interval.low > 0.45, "the mean of ratios would be 0.25"


def test_interval_covers_the_truth_when_speakers_differ() -> None:
    rng = np.random.default_rng(1)
    by_speaker = by_clip = 0
    for trial in range(150):
        clips, who = draw(rng, 120, 0.3, 12, 0.12)
        a = bootstrap(clips, who, seed=trial, resamples=300)["rate"]
        b = bootstrap(clips, [""] * 120, seed=trial, resamples=300)["rate"]
        by_speaker += a.low <= 0.3 <= a.high
        by_clip += b.low <= 0.3 <= b.high
    assert by_speaker >= 0.85 * 150
    assert by_clip < by_speaker, "clips of one speaker are not independent"


def test_one_group_alone_falls_back_to_clips() -> None:
    assert len(set(blocks(["s1"] * 5))) == 5
    assert len(set(blocks(["s1", "s1", "s2"]))) == 2
    assert len(set(blocks(["", "", "s2"]))) == 3


def test_same_seed_same_interval() -> None:
    clips, who = draw(np.random.default_rng(0), 40, 0.2, 8, 0.1)
    assert bootstrap(clips, who, seed=3) == bootstrap(clips, who, seed=3)
    assert bootstrap(clips, who, seed=3) != bootstrap(clips, who, seed=4)


def test_arrays_and_single_clips_are_not_resampled() -> None:
    assert bootstrap([Vector(np.zeros(3))] * 2, ["", ""]) == {}
    assert bootstrap([Rate(1, 2)], [""]) == {}


def test_whole_groups_are_drawn_as_many_as_there_are() -> None:
    drawn = draws(["a", "a", "b", "", "b"], resamples=200)
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 2] == drawn[:, 4]).all()
    assert (drawn[:, 0] + drawn[:, 2] + drawn[:, 3] == 3).all()
    assert set(np.unique(drawn)) == {0, 1, 2, 3}
    assert independent(["a", "a", "b", "", "b"]) == 3
    assert independent(["a", "a"]) == 2, "one group alone: its clips"
    assert independent([]) == 0


def test_a_score_that_only_some_clips_give_is_of_those() -> None:
    clips = [Ratios({"lmd": (2.0, 1), "lip_wer": (50.0, 1)}), Ratios({"lmd": (4.0, 1)})]
    found = resampled(clips, np.array([[1, 1], [2, 0], [0, 2], [1, 3]]))
    np.testing.assert_allclose(found["lmd"], [3.0, 2.0, 4.0, 3.5])
    np.testing.assert_allclose(found["lip_wer"], [50.0, 50.0, np.nan, 50.0])


def test_resamples_without_a_value_are_left_out_of_the_interval() -> None:
    assert interval([np.nan, 1.0, np.inf, 1.0]) == Interval(1.0, 1.0)
    assert interval([np.nan]) is None
    bounds = interval(np.arange(1001.0))
    assert bounds is not None
    assert (bounds.low, bounds.high) == pytest.approx((25.0, 975.0))
    assert bootstrap([Ratios({"a": (1, 1), "b": (0, 0)})] * 2, ["", ""]) == {"a": Interval(1.0, 1.0)}
