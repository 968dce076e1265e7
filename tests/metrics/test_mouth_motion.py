"""Mouth motion on faces that open and close their mouths by known curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.landmarks import mouth_opening
from syncbench.measurement import Ratios
from syncbench.metrics.mouth_motion import MouthMotion, derivative

from ..faces import face_clip, talking


def test_derivatives_are_per_second() -> None:
    seconds = np.arange(50) / 25
    np.testing.assert_allclose(derivative(3 * seconds, 1), 3)
    np.testing.assert_allclose(derivative(seconds**3, 3), 6, rtol=1e-6)


def _measured(folder: Path, real: NDArray[np.float32], made: NDArray[np.float32]) -> Ratios:
    clips = face_clip(folder, "real", real), face_clip(folder, "made", made)
    found = MouthMotion("precomputed").measure(*map(Features, clips))
    np.testing.assert_array_equal(found.curves["opening"], mouth_opening(made))
    np.testing.assert_array_equal(found.curves["opening_reference"], mouth_opening(real))
    assert isinstance(found.measurement, Ratios)
    return found.measurement


def test_ratios_say_frozen_half_and_trembling(tmp_path: Path) -> None:
    curve = 0.1 + 0.1 * np.sin(np.arange(100) / 4)

    def scores(opening: NDArray[np.float64]) -> dict[str, float]:
        return _measured(tmp_path, talking(curve), talking(opening)).scores()

    same, half, frozen = scores(curve), scores(curve / 2), scores(curve * 0)
    trembling = scores(curve + 0.005 * (-1) ** np.arange(100))
    assert (same["mouth_velocity_ratio"], same["mouth_jerk_ratio"]) == (1, 1)
    assert half["mouth_velocity_ratio"] == pytest.approx(0.5, rel=1e-3)
    assert (frozen["mouth_velocity_ratio"], frozen["mouth_jerk_ratio"]) == (0, 0)
    assert trembling["mouth_velocity_ratio"] < 1.2
    assert trembling["mouth_jerk_ratio"] > 5
    assert [spec.name for spec in MouthMotion.scores] == list(same)


def test_both_mouths_are_compared_over_the_same_frames(tmp_path: Path) -> None:
    curve = np.concatenate([np.zeros(20), np.linspace(0, 1, 20)])
    real, made = talking(curve), talking(curve)
    made[20:] = np.nan  # the answer has no face where the real mouth moves
    found = _measured(tmp_path, real, made)
    assert (found.pairs["mouth_velocity"], found.pairs["mouth_velocity_ratio"]) == ((0, 19), (0, 0))
    assert found.measured == 20
    assert np.isnan(found.scores()["mouth_velocity_ratio"])
    made[3:] = np.nan
    with pytest.raises(ClipError, match="no four frames in a row"):
        _measured(tmp_path, real, made)


def test_corpus_ratio_comes_from_sums(tmp_path: Path) -> None:
    still, wild = np.linspace(0, 0.1, 10), 0.3 + 0.3 * np.sin(np.arange(30))
    one = _measured(tmp_path, talking(still), talking(2 * still))
    two = _measured(tmp_path, talking(wild), talking(wild / 2))
    both = np.abs(np.diff(still)).sum(), np.abs(np.diff(wild)).sum()
    assert one.scores()["mouth_velocity_ratio"] == pytest.approx(2, rel=1e-3)
    expected = (2 * both[0] + both[1] / 2) / sum(both)
    assert (one + two).scores()["mouth_velocity_ratio"] == pytest.approx(expected, rel=1e-3)
    seconds = (9 + 29) / 25
    assert (one + two).scores()["mouth_velocity"] == pytest.approx((2 * both[0] + both[1] / 2) / seconds, rel=1e-3)
