"""Mouth motion on faces that open and close their mouths by known curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from syncbench.contracts import Clip
from syncbench.errors import ClipError
from syncbench.features.core import ClipFeatures
from syncbench.media import write_lossless
from syncbench.metrics.mouth_motion import MouthMotion, MouthMotionMeasurement, derivative, mouth_opening

EYES = 60.0


def _talking(opening: NDArray[np.float64]) -> NDArray[np.float32]:
    """Landmarks of a face whose lips are ``opening`` interocular distances apart."""
    points = np.full((len(opening), 68, 2), 80, np.float32)
    points[:, 36], points[:, 45] = (50, 60), (50 + EYES, 60)
    points[:, [65, 66, 67], 1] += (opening[:, None] * EYES).astype(np.float32)
    return points


def test_opening_is_told_in_interocular_distances() -> None:
    curve = np.array([0, 0.1, 0.25])
    np.testing.assert_allclose(mouth_opening(_talking(curve)), curve, atol=1e-6)
    np.testing.assert_allclose(mouth_opening(3 * _talking(curve)), curve, atol=1e-6)  # a larger picture


def test_derivatives_are_per_second() -> None:
    seconds = np.arange(50) / 25
    np.testing.assert_allclose(derivative(3 * seconds, 1), 3)
    np.testing.assert_allclose(derivative(seconds**3, 3), 6, rtol=1e-6)


def _features(folder: Path, name: str, points: NDArray[np.float32]) -> ClipFeatures:
    video, landmarks = folder / f"{name}.mkv", folder / f"{name}.npz"
    write_lossless(video, np.zeros((len(points), 160, 160, 3), np.uint8))
    np.savez(landmarks, allow_pickle=False, **{name: points})
    return ClipFeatures(Clip(id=name, video=video, extras={"landmarks": landmarks}))


def test_ratios_say_frozen_half_and_trembling(tmp_path: Path) -> None:
    metric = MouthMotion("precomputed")
    curve = 0.1 + 0.1 * np.sin(np.arange(100) / 4)
    real = _features(tmp_path, "real", _talking(curve))

    def scores(name: str, opening: NDArray[np.float64]) -> dict[str, float]:
        return metric.measure(real, _features(tmp_path, name, _talking(opening))).scores()

    same, half, frozen = scores("same", curve), scores("half", curve / 2), scores("frozen", curve * 0)
    trembling = scores("trembling", curve + 0.005 * (-1) ** np.arange(100))
    assert (same["mouth_velocity_ratio"], same["mouth_jerk_ratio"]) == (1, 1)
    assert half["mouth_velocity_ratio"] == pytest.approx(0.5, rel=1e-3)
    assert (frozen["mouth_velocity_ratio"], frozen["mouth_jerk_ratio"]) == (0, 0)
    assert trembling["mouth_velocity_ratio"] < 1.2
    assert trembling["mouth_jerk_ratio"] > 5
    assert [spec.name for spec in metric.scores] == list(same)


def test_both_mouths_are_compared_over_the_same_frames(tmp_path: Path) -> None:
    curve = np.concatenate([np.zeros(20), np.linspace(0, 1, 20)])
    real, made = _talking(curve), _talking(curve)
    made[20:] = np.nan  # the answer has no face where the real mouth moves
    found = MouthMotion("precomputed").measure(_features(tmp_path, "real", real), _features(tmp_path, "made", made))
    assert (found.velocities, found.reference_velocity) == (19, 0)
    assert np.isnan(found.scores()["mouth_velocity_ratio"])
    made[3:] = np.nan
    with pytest.raises(ClipError, match="no four frames in a row"):
        MouthMotion("precomputed").measure(_features(tmp_path, "real", real), _features(tmp_path, "short", made))


def test_corpus_ratio_comes_from_sums() -> None:
    total = MouthMotionMeasurement(10, 1.0, 4.0, 8, 1.0, 1.0) + MouthMotionMeasurement(10, 3.0, 1.0, 8, 1.0, 3.0)
    assert total.scores()["mouth_velocity_ratio"] == 4 / 5
    assert total.scores()["mouth_jerk_ratio"] == 0.5
