"""Where one shot of a video ends and the next begins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames

__all__ = ["CUT", "cuts", "thumbnails"]

_SIDE = 16  # cells across and down
CUT = 24.0
"""Mean difference of neighbouring frames' thumbnails, of 255, from which on a cut lies between them. ASSUMED."""


def thumbnails(frames: Frames) -> NDArray[np.float32]:
    """Return the mean colours of 16 x 16 cells of each frame, float32 ``[T, 16, 16, 3]``, from every third pixel or so."""
    height, width = frames.shape[1:3]
    step = max(1, min(height, width) // (4 * _SIDE))
    small = frames[:, ::step, ::step].astype(np.float32)
    rows = np.linspace(0, small.shape[1], _SIDE, endpoint=False).astype(int)
    columns = np.linspace(0, small.shape[2], _SIDE, endpoint=False).astype(int)
    sums = np.add.reduceat(np.add.reduceat(small, rows, axis=1), columns, axis=2)
    down, across = np.diff([*rows, small.shape[1]]), np.diff([*columns, small.shape[2]])
    return np.asarray(sums / np.maximum(1, down[:, None] * across)[..., None], np.float32)


def cuts(thumbnails: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the first frame of each shot, int64 ``[S]``, from :func:`thumbnails` of all frames: 0 and those after a cut."""
    steps = np.abs(np.diff(thumbnails, axis=0)).mean(axis=(1, 2, 3))  # [T - 1]
    return np.concatenate([[0], np.flatnonzero(steps >= CUT) + 1]).astype(np.int64)
