"""Frames of a clip, how many there are, and their shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench import media
from syncbench.clip import Frames
from syncbench.feature import Feature

__all__ = ["FRAMES", "LENGTH", "SHAPE"]

FRAMES = Feature("frames", media.clip_frames, reads=frozenset({"video"}))
"""Frames, uint8 ``[T, H, W, 3]``, RGB, 25 per second. Kept in memory only: the video is their store."""


def _shape(frames: Frames) -> NDArray[np.int64]:
    return np.array(frames.shape[:3], np.int64)


SHAPE = Feature("shape", _shape, needs=(FRAMES,), stored=True)
"""Number, height and width of the frames, int64 ``[3]``."""

LENGTH = Feature(
    "length",
    lambda clip: np.array(media.clip_length(clip)),
    reads=frozenset({"video", "speech"}),
    stored=True,
    public=True,
)
"""How many frames a clip has, int64 ``[]``: of its video, or without one of its speech. No task hides it."""
