"""The context curve: its best point, knee and intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from syncbench.measurement import Measurement
from syncbench.metrics.phonetic_context import context_curve, knee, window_seconds


@dataclass(frozen=True)
class Distance(Measurement):
    total: float = 0.0
    frames: int = 0

    def scores(self) -> dict[str, Any]:
        return {"lmd": self.total / np.maximum(self.frames, 1)}


@dataclass(frozen=True)
class Rate(Measurement):
    errors: int = 0
    count: int = 0

    def scores(self) -> dict[str, Any]:
        return {"rate": self.errors / self.count}


def sweep(noise: float, clips: int = 40) -> dict[int, list[Distance]]:
    """LMD that falls until 13 frames of context and rises a little after."""
    truth = {0: 2.0, 5: 1.4, 10: 1.105, 13: 1.1, 20: 1.2}
    own = np.random.default_rng(0).normal(0, 0.3, clips)  # a clip is hard at every context
    rng = np.random.default_rng(1)
    return {
        n: [Distance(10 * (value + own[i] + rng.normal(0, noise)), 10) for i in range(clips)]
        for n, value in truth.items()
    }


def test_best_and_knee_are_found() -> None:
    curve = context_curve(sweep(0.0), [""] * 40, "lmd", lower_is_better=True)
    assert (curve.best, curve.knee) == (13, 10)
    assert (curve.best_low, curve.best_high) == (13, 13)
    assert curve.gain == pytest.approx(-0.9)
    assert curve.gain_high < 0
    assert curve.gains == pytest.approx([0.0, -0.6, -0.895, -0.9, -0.8])
    assert curve.gains_high[0] == curve.gains_low[0] == 0.0
    assert curve.gains_high[3] - curve.gains_low[3] < 1e-9 < curve.high[3] - curve.low[3], (
        "clips differ, changes do not"
    )
    assert curve.low[0] < curve.values[0] < curve.high[0]
    rows = curve.rows()
    assert rows[3]["seconds"] == pytest.approx(1.08)
    assert window_seconds(15) == pytest.approx(1.24)


def test_noise_widens_the_intervals() -> None:
    calm = context_curve(sweep(0.001), [""] * 40, "lmd", lower_is_better=True)
    noisy = context_curve(sweep(0.5), [""] * 40, "lmd", lower_is_better=True)
    assert noisy.best_high - noisy.best_low >= calm.best_high - calm.best_low
    assert noisy.gain_high - noisy.gain_low > calm.gain_high - calm.gain_low


def test_higher_may_be_better() -> None:
    values = np.array([[0.5, 0.895, 0.9, 0.7]])
    assert knee(values, lower_is_better=False).tolist() == [1]
    assert knee(values, lower_is_better=True).tolist() == [0]


def test_the_whole_clip_is_the_longest_window() -> None:
    some = sweep(0.0)
    curve = context_curve({**some, math.inf: some[13]}, [""] * 40, "lmd", lower_is_better=True)
    assert curve.contexts[-1] == math.inf
    assert curve.best == 13
    assert curve.rows()[-1]["seconds"] == math.inf


def test_a_score_without_value_is_refused() -> None:
    empty = {n: [Rate() for _ in range(3)] for n in (0, 5)}
    with pytest.raises(ValueError, match="no value"):
        context_curve(empty, [""] * 3, "rate", lower_is_better=True)
    with pytest.raises(ValueError, match="psnr has no value"):
        context_curve(sweep(0.0), [""] * 40, "psnr", lower_is_better=False)


def test_unequal_clips_are_refused() -> None:
    uneven = sweep(0.0)
    uneven[0] = uneven[0][:3]
    with pytest.raises(ValueError, match="same clips"):
        context_curve(uneven, [""] * 40, "lmd", lower_is_better=True)
