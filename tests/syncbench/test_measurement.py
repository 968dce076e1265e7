"""Measurements: sums from zero, divided at the end."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.measurement import Ratios, ratio

from .statistics.conftest import Rate, Vector


def test_measurements_add_from_zero_and_refuse_strangers() -> None:
    assert sum([Rate(1, 3), Rate(1, 4)], Rate.zero()) == Rate(2, 7)
    assert Rate(2, 7).scores()["rate"] == pytest.approx(2 / 7)
    with pytest.raises(TypeError, match="cannot add Rate and Vector"):
        Rate(1, 3) + Vector()  # type: ignore[operator]
    with pytest.raises(TypeError, match="cannot add Ratios and Rate"):
        Ratios() + Rate()  # type: ignore[operator]


def test_ratios_add_by_score_and_keep_scores_that_one_alone_has() -> None:
    one = Ratios({"psnr": (90.0, 3), "lmd": (2.0, 1)}, measured=3, asked=4)
    two = Ratios({"psnr": (10.0, 1)}, measured=1, asked=4)
    total = one + two + Ratios.zero()
    assert total == Ratios({"psnr": (100.0, 4), "lmd": (2.0, 1)}, measured=4, asked=8)
    assert total.scores() == {"psnr": 25.0, "lmd": 2.0}
    assert Ratios.zero().scores() == {}
    assert np.isnan(Ratios({"psnr": (0.0, 0)}).scores()["psnr"])


def test_coverage_is_the_share_of_frames_that_was_measured() -> None:
    assert (Ratios(measured=3, asked=4) + Ratios(measured=1, asked=4)).coverage == 0.5
    assert Ratios().coverage is None
    assert (Rate(1, 2, measured=2, asked=4) + Rate(1, 2, measured=4, asked=4)).coverage == 0.75


@pytest.mark.parametrize(
    "measurement",
    [Rate(2, 7, measured=3, asked=4), Ratios({"psnr": (90.0, 3), "lmd": (2.0, 1)}, measured=3, asked=4), Ratios()],
)
def test_a_measurement_comes_back_from_what_is_written_of_it(measurement: Rate | Ratios) -> None:
    assert type(measurement).of(measurement.sums()) == measurement


def test_only_plain_numbers_are_resampled() -> None:
    assert Rate.resamplable()
    assert Ratios.resamplable()
    assert not Vector.resamplable()


def test_a_ratio_of_nothing_is_not_a_number_element_by_element() -> None:
    assert ratio(6, 4) == 1.5
    assert np.isnan(ratio(6, 0))
    np.testing.assert_array_equal(ratio([1, 2, 0], [2, 0, 5]), [0.5, np.nan, 0.0])
