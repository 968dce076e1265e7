"""Frames, their number and shape, and speech as long as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench.clip import SAMPLES_PER_FRAME, Clip, Recording
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.frames import FRAMES, LENGTH, SHAPE
from syncbench.features.speech import SPEECH
from syncbench.media import write_lossless


@pytest.fixture
def file(tmp_path: Path) -> Recording:
    """Ten frames, and the speech of eight."""
    frames = np.random.default_rng(0).integers(0, 256, (10, 16, 24, 3), dtype=np.uint8)
    return Recording(write_lossless(tmp_path / "a.mkv", frames, np.full(8 * SAMPLES_PER_FRAME, 0.5, np.float32)))


def test_a_videos_speech_is_as_long_as_its_frames(file: Recording) -> None:
    features = Features(Clip("a", file, file))
    assert features[FRAMES].shape == (10, 16, 24, 3)
    assert features[SHAPE].tolist() == [10, 16, 24]
    assert int(features[LENGTH]) == 10
    assert features[SPEECH].shape == (10 * SAMPLES_PER_FRAME,)
    assert features[SPEECH].nonzero()[0].max() == 8 * SAMPLES_PER_FRAME - 1


def test_speech_alone_decides_its_own_length(file: Recording) -> None:
    features = Features(Clip("a", speech=file))
    assert int(features[LENGTH]) == 8
    assert (features[SPEECH] == 0.5).all()
    with pytest.raises(ClipError, match="there is no video here"):
        features[FRAMES]
    with pytest.raises(ClipError, match="there is no speech here"):
        Features(Clip("a", file))[SPEECH]


def test_length_tells_nothing_that_is_hidden() -> None:
    assert LENGTH.shows() == frozenset()
    assert SPEECH.shows() == {"speech"}
    assert SHAPE.shows() == {"video"}
