"""Frames of a clip, how many there are, and their shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench import media
from syncbench.feature import Feature

__all__ = ["FOOTAGE", "FRAMES", "LENGTH", "SHAPE"]

FOOTAGE = Feature("footage", media.clip_footage, reads=frozenset({"video"}), version=2)
"""Frames as :class:`media.Footage`, uint8 ``[T, H, W, 3]``, RGB, 25 per second. The video is their store."""

FRAMES = Feature("frames", np.asarray, needs=(FOOTAGE,))
"""The same as one array. Raises ClipError where it would fill over 4 GiB."""


def _shape(frames: media.Footage) -> NDArray[np.int64]:
    return np.array(frames.shape[:3], np.int64)


SHAPE = Feature("shape", _shape, needs=(FOOTAGE,), stored=True)
"""Number, height and width of the frames, int64 ``[3]``."""

LENGTH = Feature(
    "length",
    lambda clip: np.array(media.clip_length(clip)),
    reads=frozenset({"video", "speech"}),
    version=2,
    stored=True,
    public=True,
)
"""How many frames a clip has, int64 ``[]``: of its video, or without one of its speech. No task hides it."""
