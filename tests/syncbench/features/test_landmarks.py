"""Landmarks from files and from MediaPipe."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from syncbench.contracts import Clip, Feature
from syncbench.errors import ClipError, Unavailable
from syncbench.features.landmarks import (
    MEDIAPIPE,
    PRECOMPUTED,
    find_with_mediapipe,
    provider,
    provider_unavailable,
    read_landmarks,
)


def test_real_landmarks_lie_on_the_face(shared: Path) -> None:
    file = shared / "data" / "lrs2-grid" / "landmarks68.npz"
    points = PRECOMPUTED.compute(Clip(id="s1/bbal6n", video=None, extras={"landmarks": file}))
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


def test_providers_are_features() -> None:
    assert isinstance(provider("precomputed"), Feature)
    assert provider("mediapipe") is MEDIAPIPE
    assert provider_unavailable("precomputed") is None


def test_mediapipe_finds_what_the_files_hold(shared: Path) -> None:
    model = shared / "weights" / "face_landmarker.task"
    clip = Clip(id="s1/bbal6n", video=shared / "data/lrs2-grid/mvlrs_v1/main/s1/bbal6n.mp4")
    if importlib.util.find_spec("mediapipe") is None:
        with pytest.raises(Unavailable, match=r"pip install 'syncbench\[mediapipe\]'"):
            find_with_mediapipe(clip.frames()[:1], model)
        pytest.skip("mediapipe is not installed: pip install 'syncbench[mediapipe]'")
    if not model.is_file():
        pytest.skip(f"{model} is not here")
    found = find_with_mediapipe(clip.frames()[:10], model)
    expected = read_landmarks(shared / "data" / "lrs2-grid" / "landmarks68.npz", clip.id)[:10]
    np.testing.assert_allclose(found, expected, atol=0.25)
    assert np.isnan(find_with_mediapipe(np.zeros((1, 64, 64, 3), np.uint8), model)).all()
