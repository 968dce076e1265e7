"""Squares around a face, and what lies in them.

The bundled evaluators, and SyncNet under protocol ``native``, see a face as LRS2's crops show it: the longer side of its
box fills three quarters of the square, whose middle lies a little below the middle of the face.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["CROPPED", "SIDE", "cut", "face_square", "face_squares", "frame_square", "is_cropped"]

SIDE = 1.35
"""Side of the square in longer sides of the face's box."""
_BELOW = 0.05  # of that longer side: the box ends at the chin, and a jaw drops
CROPPED = 0.85
"""A picture is a face crop already where a square of at least this share of its shorter side would be cut out."""
_CENTRAL = 0.1  # of the picture's sides: how far its middle may lie from that of the square
_ODD = 1.25  # longer over shorter side: other pictures are no face crops
_CENTRE_SIGMA = 3.0  # frames; nods are longer
_SIZE_SIGMA = 12.0  # frames


def frame_square(width: int, height: int) -> NDArray[np.float32]:
    """Return the smallest square around a whole picture, ``[3]``: left, top, side in pixels."""
    side = max(width, height)
    return np.array([-((side - width) // 2), -((side - height) // 2), side], np.float32)


def face_square(box: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return middle and side of the square around each box ``[..., 4]``, ``[..., 3]``."""
    longer = (box[..., 2:4] - box[..., :2]).max(axis=-1)
    x, y = (box[..., 0] + box[..., 2]) / 2, (box[..., 1] + box[..., 3]) / 2 + _BELOW * longer
    return np.stack([x, y, SIDE * longer], axis=-1)


def face_squares(boxes: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the squares of a track, whole pixels, float32 ``[n, 3]``: left, top, side. They move as heads do.

    ``boxes`` is ``[n, 4]``, left, top, right, bottom.
    """
    squares = ndimage.median_filter(face_square(boxes), (5, 1), mode="nearest")  # a single wild box moves nothing
    middles = ndimage.gaussian_filter1d(squares[:, :2], _CENTRE_SIGMA, axis=0, mode="nearest")
    sides = np.rint(ndimage.gaussian_filter1d(squares[:, 2], _SIZE_SIGMA, mode="nearest"))
    corners = np.rint(middles - sides[:, None] / 2)
    return np.column_stack([corners, sides]).astype(np.float32)


def is_cropped(boxes: NDArray[np.floating], width: int, height: int) -> bool:
    """Return whether a picture is a face crop already: boxes ``[n, 4]`` of its one face fill it."""
    x, y, side = np.median(face_square(boxes), axis=0)
    shorter, longer = sorted((width, height))
    central = max(abs(x / width - 0.5), abs(y / height - 0.5)) <= _CENTRAL
    return bool(side >= CROPPED * shorter and longer <= _ODD * shorter and central)


def cut(frame: NDArray[np.uint8], square: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return what lies in a square, uint8 ``[side, side, 3]``; beyond the picture its border is repeated.

    ``frame`` is ``[H, W, 3]``, ``square`` is ``[3]``: left, top, side, whole pixels.
    """
    left, top, side = (int(value) for value in square)
    height, width = frame.shape[:2]
    if left >= 0 and top >= 0 and left + side <= width and top + side <= height:
        return frame[top : top + side, left : left + side]
    rows = np.clip(np.arange(top, top + side), 0, height - 1)
    columns = np.clip(np.arange(left, left + side), 0, width - 1)
    return frame[rows[:, None], columns]
