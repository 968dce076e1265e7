"""What vision adds: fusion gain, effective SNR gain with its bounds, real-time factor."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from syncbench.metrics.fusion import (
    effective_snr_gain,
    effective_snr_gain_interval,
    fusion_gain,
    non_increasing,
    real_time_factor,
)

SNRS = [-10, -5, 0, 5, 10]


def test_fusion_gain_is_negative_where_fusion_harms() -> None:
    assert fusion_gain(20.0, 30.0, 12.0) == 8.0
    assert fusion_gain(20.0, 30.0, 25.0) == -5.0


def test_effective_gain_of_a_shifted_curve_is_the_shift() -> None:
    audio = [90, 70, 50, 30, 10]
    assert effective_snr_gain(SNRS, audio, [70, 50, 30, 10, 0]).value == pytest.approx(5.0)
    assert effective_snr_gain(SNRS, audio, [60, 40, 20, 10, 0]).value == pytest.approx(7.5)
    assert effective_snr_gain(SNRS, audio, audio).value == pytest.approx(0.0)
    assert effective_snr_gain(SNRS[::-1], audio[::-1], [0, 10, 30, 50, 70]).value == pytest.approx(5.0)
    assert effective_snr_gain(SNRS, audio, [100, 90, 70, 50, 30]).value == pytest.approx(-5.0)
    assert effective_snr_gain(SNRS, audio, [70, 50, 30, 10, 0], at=2.5).target == pytest.approx(40.0)


def test_gains_outside_the_grid_are_bounds() -> None:
    audio = [90, 70, 50, 30, 10]
    better = effective_snr_gain(SNRS, audio, [20, 10, 5, 2, 1])
    assert (better.value, better.censored) == (10.0, "at least")
    worse = effective_snr_gain(SNRS, audio, [99, 95, 90, 80, 60])
    assert (worse.value, worse.censored) == (-10.0, "at most")


def test_a_curve_that_meets_the_target_at_the_ends_of_the_grid_is_no_bound() -> None:
    audio = [90, 70, 50, 30, 10]
    lowest = effective_snr_gain(SNRS, audio, [50, 40, 30, 20, 10])
    assert (lowest.value, lowest.target, lowest.censored) == (10.0, 50.0, "")
    highest = effective_snr_gain(SNRS, audio, [99, 95, 90, 80, 50])
    assert (highest.value, highest.target, highest.censored) == (-10.0, 50.0, "")


def test_the_lowest_of_several_snrs_with_the_targets_error_counts() -> None:
    audio = [90, 70, 50, 30, 10]
    assert effective_snr_gain(SNRS, audio, [70, 50, 50, 50, 10]).value == 5.0
    assert effective_snr_gain(SNRS, audio, [50, 50, 50, 30, 10]).value == 10.0
    assert effective_snr_gain(SNRS, [50] * 5, [50] * 5).value == 10.0, "heard or seen, it is the same everywhere"


def test_curves_that_rise_are_pooled_first() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = rng.uniform(0, 1, 9)
        assert non_increasing(values) == pytest.approx(isotonic_regression(values, increasing=False).x)
    assert effective_snr_gain(SNRS, [90, 40, 60, 30, 10], [50, 50, 30, 20, 0]).target == pytest.approx(50.0)


def test_wrong_grids_are_refused() -> None:
    with pytest.raises(ValueError, match="two or more"):
        effective_snr_gain([0], [1], [1])
    with pytest.raises(ValueError, match="outside"):
        effective_snr_gain(SNRS, [5, 4, 3, 2, 1], [5, 4, 3, 2, 1], at=20)


def test_the_interval_holds_the_gain_and_knows_groups() -> None:
    rng = np.random.default_rng(0)
    words = np.full((5, 60), 6)
    hard = rng.normal(0, 0.1, 12).repeat(5)

    def counts(rates):
        chances = np.clip(np.array(rates)[:, None] / 100 + hard, 0, 1)
        return np.stack([rng.binomial(words, chances), words], axis=-1)

    audio, both = counts([90, 70, 50, 30, 10]), counts([70, 50, 30, 10, 5])
    singles = effective_snr_gain_interval(SNRS, audio, both, [""] * 60, resamples=300)
    groups = effective_snr_gain_interval(SNRS, audio, both, [f"v{i // 5}" for i in range(60)], resamples=300)
    assert singles[0] < 5.0 < singles[1]
    assert groups[0] < 5.0 < groups[1]
    assert groups != singles
    assert singles == effective_snr_gain_interval(SNRS, audio, both, [""] * 60, resamples=300)


def test_real_time_factor() -> None:
    assert real_time_factor(1.5, 75) == 0.5
