"""Landmarks from files, and what is told from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench import registry
from syncbench.clip import Clip
from syncbench.errors import ClipError, CommandError
from syncbench.feature import Features
from syncbench.features.landmarks import (
    MIN_CONSISTENCY,
    MIN_LOOKS,
    PRECOMPUTED,
    STILL,
    Provider,
    best_source,
    consistency,
    fitted,
    inner_opening,
    interocular,
    mouth_doubt,
    mouth_opening,
    read_landmarks,
)

from ...faces import EYES, talking


def test_real_landmarks_lie_on_the_face(lrs2_grid: Path) -> None:
    file = lrs2_grid / "landmarks68.npz"
    points = Features(Clip("s1/bbal6n", extras={"landmarks": file}))[PRECOMPUTED.feature]
    assert (points.shape, points.dtype) == ((75, 68, 2), np.float32)
    assert np.isfinite(points).all()
    assert ((points > 0) & (points < 160)).all()
    right, left, mouth = points[:, 36:42].mean((0, 1)), points[:, 42:48].mean((0, 1)), points[:, 48:].mean((0, 1))
    assert right[0] < mouth[0] < left[0]
    assert mouth[1] > right[1] + 20


def test_integers_are_64ths_of_a_pixel_and_floats_pixels(tmp_path: Path) -> None:
    whole = np.full((3, 68, 2), 96, np.int16)
    whole[1] = -64
    file = tmp_path / "landmarks.npz"
    np.savez(file, allow_pickle=False, **{"a": whole, "s1/b": np.full((2, 68, 2), 1.5), "flat": np.zeros((3, 136))})
    found = read_landmarks(file, "s1/a")
    assert (found[[0, 2]] == 1.5).all()
    assert np.isnan(found[1]).all()
    assert (read_landmarks(file, "s1/b") == 1.5).all()
    with pytest.raises(ClipError, match=r"landmarks\.npz: holds no landmarks of s1/c"):
        read_landmarks(file, "s1/c")
    with pytest.raises(ClipError, match=r"must be \[frames, 68, 2\], not \[3, 136\]"):
        read_landmarks(file, "flat")
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"no zip")
    with pytest.raises(ClipError, match=r"broken\.npz: not a readable npz file"):
        read_landmarks(broken, "a")


def test_providers_are_found_by_name_and_named_with_their_weights() -> None:
    assert registry.landmarks("precomputed") is PRECOMPUTED
    assert PRECOMPUTED.unavailable() is None
    assert PRECOMPUTED.label == "precomputed"
    assert registry.landmarks("mediapipe").label == "mediapipe@64184e22"
    bundled = registry.landmarks("bundled")
    assert isinstance(bundled, Provider)
    assert bundled.label == f"bundled@{bundled.feature.weights[:8]}"
    with pytest.raises(CommandError, match="unknown landmark provider 'bundeld': did you mean bundled"):
        registry.landmarks("bundeld")


def test_a_clips_own_file_is_taken_where_it_has_one(tmp_path: Path) -> None:
    assert best_source(Clip("a")) == "bundled"
    assert best_source(Clip("a", extras={"landmarks": tmp_path / "a.npz"})) == "precomputed"


def test_files_are_fitted_to_the_video() -> None:
    points = np.ones((5, 68, 2), np.float32)
    assert fitted(points, 5).tolist() == points.tolist()
    assert fitted(points, 4).shape == (4, 68, 2)
    longer = fitted(points, 6)
    assert (longer[:5] == 1).all()
    assert np.isnan(longer[5]).all()


def test_opening_is_told_in_interocular_distances() -> None:
    curve = np.array([0, 0.1, 0.25])
    np.testing.assert_allclose(interocular(talking(curve)), EYES)
    np.testing.assert_allclose(mouth_opening(talking(curve)), curve, atol=1e-6)
    np.testing.assert_allclose(mouth_opening(3 * talking(curve)), curve, atol=1e-6)  # a larger picture


def test_a_missing_face_and_jittering_eyes_do_not_move_the_opening_of_other_frames() -> None:
    curve = np.array([0.1, 0.1, 0.1, 0.1, 0.1])
    points = talking(curve)
    points[1] = np.nan
    points[2, 45, 0] += 12  # one frame's eyes look farther apart
    points[3, 45] = points[3, 36]
    np.testing.assert_allclose(mouth_opening(points), [0.1, np.nan, 0.1, 0.1, 0.1], atol=1e-6)
    assert np.isnan(mouth_opening(np.full((2, 68, 2), np.nan))).all()


def test_the_opening_of_the_inner_lips_is_that_of_their_middles() -> None:
    opening = np.array([0.0, 0.1, 0.25])
    points = talking(opening)
    np.testing.assert_allclose(inner_opening(points), opening, atol=1e-6)
    points[1] = np.nan
    assert np.isnan(inner_opening(points)).tolist() == [False, True, False]


def test_two_looks_are_consistent_where_they_open_and_close_alike() -> None:
    opening = 0.1 + 0.05 * np.sin(np.arange(50))
    rng = np.random.default_rng(0)
    assert consistency(np.stack([opening, 0.5 * opening + 0.02])) == 1
    assert consistency(np.stack([opening, -opening])) == -1
    assert abs(consistency(np.stack([opening, rng.normal(0.1, 0.05, 50)]))) < 0.4
    gap = opening.copy()
    gap[:20] = np.nan
    assert consistency(np.stack([gap, opening])) == 1, "over what both saw"


def test_of_a_still_mouth_and_of_few_frames_nothing_can_be_told() -> None:
    still = 0.1 + STILL * np.random.default_rng(0).uniform(-1, 1, 50)
    assert np.isnan(consistency(np.stack([still, still])))
    opening = 0.1 + 0.05 * np.sin(np.arange(50))
    assert np.isnan(consistency(np.stack([opening, still])))
    assert np.isnan(consistency(np.stack([opening, opening])[:, : MIN_LOOKS - 1]))


def test_who_does_not_look_twice_is_not_doubted(lrs2_grid: Path) -> None:
    clip = Features(Clip("s1/bbal6n", extras={"landmarks": lrs2_grid / "landmarks68.npz"}))
    assert mouth_doubt(PRECOMPUTED, clip) == ""
    assert PRECOMPUTED.settings == {"landmarks": "precomputed"}
    bundled = registry.landmarks("bundled")
    assert bundled.settings == {
        "landmarks": bundled.label,
        "withheld": f"consistency<{MIN_CONSISTENCY:g},still<={STILL:g}",
    }
