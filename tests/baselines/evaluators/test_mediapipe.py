"""MediaPipe's landmarks against those that were made with it before."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from syncbench.baselines.evaluators.mediapipe.landmarks import MEDIAPIPE, find_with_mediapipe
from syncbench.clip import Clip, Recording
from syncbench.errors import Unavailable
from syncbench.features.landmarks import read_landmarks
from syncbench.media import clip_frames


def test_mediapipe_finds_what_the_files_hold(shared: Path, lrs2_grid: Path) -> None:
    model = shared / "weights" / "face_landmarker.task"
    clip = Clip("s1/bbal6n", Recording(lrs2_grid / "mvlrs_v1/main/s1/bbal6n.mp4"))
    if importlib.util.find_spec("mediapipe") is None:
        assert "pip install 'syncbench[mediapipe]'" in (MEDIAPIPE.unavailable() or "")
        with pytest.raises(Unavailable, match=r"pip install 'syncbench\[mediapipe\]'"):
            find_with_mediapipe(clip_frames(clip)[:1], model)
        pytest.skip("mediapipe is not installed: pip install 'syncbench[mediapipe]'")
    if not model.is_file():
        pytest.skip(f"{model} is not here")
    found = find_with_mediapipe(clip_frames(clip)[:10], model)
    expected = read_landmarks(lrs2_grid / "landmarks68.npz", clip.id)[:10]
    np.testing.assert_allclose(found, expected, atol=0.25)
    assert np.isnan(find_with_mediapipe(np.zeros((1, 64, 64, 3), np.uint8), model)).all()
