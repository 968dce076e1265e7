"""Intervals cover, blocks matter, paired tests see what is there and not what is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from syncbench.contracts import Measurement
from syncbench.statistics import blocks, bootstrap, paired_bootstrap, resamplable


@dataclass(frozen=True)
class Rate(Measurement):
    errors: int = 0
    words: int = 0

    def scores(self) -> dict[str, Any]:
        return {"rate": self.errors / self.words}


@dataclass(frozen=True)
class Vector(Measurement):
    sums: Any = 0.0

    def scores(self) -> dict[str, Any]:
        return {}


def draw(
    rng: np.random.Generator, clips: int, rate: float, speakers: int, spread: float
) -> tuple[list[Rate], list[str]]:
    own = np.clip(rng.normal(rate, spread, speakers), 0, 1)
    who = np.arange(clips) % speakers
    return [Rate(int(rng.binomial(10, own[s])), 10) for s in who], [f"s{s}" for s in who]


def test_measurements_add_from_zero_and_refuse_strangers() -> None:
    assert sum([Rate(1, 3), Rate(1, 4)], Rate.zero()) == Rate(2, 7)
    assert Rate(2, 7).scores()["rate"] == pytest.approx(2 / 7)
    with pytest.raises(TypeError, match="cannot add Rate and Vector"):
        Rate(1, 3) + Vector()  # type: ignore[operator]


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


def test_paired_test_sees_a_small_common_difference_and_keeps_its_level() -> None:
    rng = np.random.default_rng(2)
    clips, who = draw(rng, 100, 0.3, 100, 0.2)
    better = [Rate(max(0, c.errors - (i % 4 == 0)), 10) for i, c in enumerate(clips)]
    found = paired_bootstrap(clips, better, who)["rate"]
    assert found.difference > 0
    assert found.low > 0
    assert found.p < 0.01
    alarms = 0
    for trial in range(100):
        a, who = draw(rng, 60, 0.3, 60, 0.0)
        b, _ = draw(rng, 60, 0.3, 60, 0.0)
        alarms += paired_bootstrap(a, b, who, seed=trial, resamples=400)["rate"].p < 0.05
    assert alarms <= 12


def test_arrays_are_not_resampled_and_pairs_must_match() -> None:
    assert not resamplable(type(Vector(np.zeros(3)))) or bootstrap([Rate(1, 2)], [""]) == {}
    assert bootstrap([Rate(1, 2)], [""]) == {}
    with pytest.raises(ValueError, match="same clips"):
        paired_bootstrap([Rate(1, 2)] * 2, [Rate(1, 2)], ["", ""])
