"""Bilinear resizing of 8-bit frames, equal bit for bit to OpenCV's ``resize`` with ``INTER_LINEAR``.

The field's scorers resize with OpenCV, whose 8-bit path works in integers (11-bit weights, truncating shifts). A score
that is to be compared with theirs starts from the same bytes, so the same integers are used here, without OpenCV.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames

__all__ = ["bilinear", "rescale"]

_CHUNK = 8  # frames at a time: the integers in between take four bytes each


def bilinear(frames: Frames, height: int, width: int) -> Frames:
    """Resize frames, uint8 ``[T, H, W, C]``, to ``[T, height, width, C]``, ignoring the aspect ratio.

    Source: the fixed-point arithmetic of OpenCV's 8-bit ``INTER_LINEAR`` (``modules/imgproc/src/resize.cpp``).
    """
    if frames.shape[1:3] == (height, width):
        return frames
    return _in_parts(frames, height, width, frames.shape[1] / height, frames.shape[2] / width)


def rescale(frames: Frames, factor: float) -> Frames:
    """Resize frames, uint8 ``[T, H, W, C]``, by a factor, as OpenCV's ``resize`` does when given ``fx`` and ``fy``.

    The size is rounded (halves to even), but pixels lie ``1 / factor`` apart all the same.
    """
    height, width = (max(1, round(size * factor)) for size in frames.shape[1:3])
    return frames if factor == 1 else _in_parts(frames, height, width, 1 / factor, 1 / factor)


def _in_parts(frames: Frames, height: int, width: int, down: float, across: float) -> Frames:
    """Resize with pixels that lie ``down`` and ``across`` pixels apart."""
    starts = range(0, len(frames), _CHUNK)
    parts = [_resize(frames[start : start + _CHUNK], height, width, down, across) for start in starts]
    return np.concatenate(parts) if parts else np.zeros((0, height, width, frames.shape[3]), np.uint8)


def _resize(frames: Frames, height: int, width: int, down: float, across: float) -> Frames:
    rows, columns = frames.shape[1:3]
    left, share = _positions(width, across)
    # Beyond the outer pixels' centres the horizontal weight is all on the border pixel; vertically it stays shared.
    share = np.where((left < 0) | (left >= columns - 1), np.float32(0), share)
    left = np.clip(left, 0, columns - 1)
    here, there = _weights(share)
    right = np.minimum(left + 1, columns - 1)
    top, below_share = _positions(height, down)
    needed, places = np.unique(np.clip([top, top + 1], 0, rows - 1), return_inverse=True)  # most rows, or few of them
    upper, lower = places.reshape(2, height)
    pixels = frames[:, needed].astype(np.int32)
    lines = pixels[:, :, left] * here[:, None] + pixels[:, :, right] * there[:, None]  # [T, needed rows, width, C]
    lines >>= 4

    here, there = _weights(below_share)
    above = lines[:, upper] * here[:, None, None]  # [T, height, width, C]
    below = lines[:, lower] * there[:, None, None]
    return (((above >> 16) + (below >> 16) + 2) >> 2).clip(0, 255).astype(np.uint8)


def _positions(wanted: int, apart: float) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return, for each wanted pixel, the source pixel at or before it, and the share of the one after."""
    place = ((np.arange(wanted) + 0.5) * apart - 0.5).astype(np.float32)
    before = np.floor(place)
    return before.astype(np.intp), place - before


def _weights(share: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    return np.rint((1 - share) * 2048).astype(np.int32), np.rint(share * 2048).astype(np.int32)
