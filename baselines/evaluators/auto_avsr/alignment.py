"""Mouths cut out as Auto-AVSR's pipeline does: the face is laid over a mean face, 96 x 96 pixels around the lips remain.

Source: the inference pipeline of mpc001/auto_avsr (``VideoProcess`` for 68 landmarks, in colour). It leaves the alignment to
OpenCV (``estimateAffinePartial2D`` with the least median of squares, and ``warpAffine``) of releases before 4.11. The same
arithmetic stands here, without OpenCV, so that equal landmarks give equal pixels.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames
from syncbench.errors import ClipError
from syncbench.features.landmarks import fill_missing
from syncbench.media import Footage

__all__ = ["SHORTEST", "SIDE", "cut_mouths", "similarity", "steadied", "warped"]

SIDE = 96
"""Height and width of a cut mouth in pixels."""
SHORTEST = 12
"""Frames of the shortest clip that is cut."""
_AROUND = 6  # frames either side over which landmarks are averaged
_FACE = 256  # pixels: side of the picture in which the mean face lies
_STABLE = (28, 33, 36, 39, 42, 45, 48, 54)  # bridge and base of the nose, corners of eyes and mouth
_MEAN_FACE = np.array(
    [
        (128.48854, 106.9246), (128.87018, 137.30254), (92.52245, 94.36876), (112.772415, 94.94361),
        (145.52512, 94.534996), (166.6771, 93.56562), (107.1676, 157.19606), (152.19284, 156.9871),
    ],
    np.float32,
)  # fmt: skip
_LIPS = slice(48, 68)
_BEYOND = SIDE // 2 + 5  # pixels: further from the picture's middle the lips are taken for lost
_ROUNDS = 13  # pairs of points: one of them is right with 99 % where 45 % of the points are wrong


def cut_mouths(frames: Frames | Footage, landmarks: NDArray[np.floating[Any]]) -> Frames:
    """Return the mouth in each frame, uint8 ``[T, 96, 96, 3]``, RGB, upright and of one size.

    Args:
        frames: uint8 ``[T, H, W, 3]``, RGB.
        landmarks: ``[T, 68, 2]`` in pixels of the frame, dlib's order, NaN where no face was found.

    Raises:
        ClipError: under 12 frames, no landmarks, or lips that do not lie where the mean face has them.
    """
    if len(frames) < SHORTEST:
        raise ClipError(f"{len(frames)} frames; mouths are cut from {SHORTEST} frames or more")
    mouths = np.empty((len(frames), SIDE, SIDE, 3), np.uint8)
    for number, (frame, points) in enumerate(zip(frames, steadied(fill_missing(landmarks)), strict=True)):
        matrix = similarity(points[[*_STABLE]], _MEAN_FACE)
        lips = (points[_LIPS] @ matrix[:, :2].T + matrix[:, 2]).mean(axis=0)
        first = np.rint(lips - SIDE // 2).astype(int)  # column and row of the cut
        last = np.rint(lips + SIDE // 2).astype(int)
        if not (abs(lips - _FACE / 2) <= _BEYOND).all() or (first < 0).any() or (last > _FACE).any():
            raise ClipError(f"frame {number}: the lips are not where a face has them; its landmarks may be wrong")
        mouths[number] = warped(frame, matrix, first, SIDE)
    return mouths


def steadied(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return landmarks ``[T, 68, 2]`` whose shape is averaged over up to 13 frames, each about its own frame's centre."""
    steady = np.empty_like(landmarks)
    for number, points in enumerate(landmarks):
        reach = min(_AROUND, number, len(landmarks) - 1 - number)
        mean = landmarks[number - reach : number + reach + 1].mean(axis=0)
        steady[number] = mean + (points.mean(axis=0) - mean.mean(axis=0))
    return steady


def similarity(points: NDArray[np.floating[Any]], targets: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the rotation, scale and shift that lay points ``[n, 2]`` over targets ``[n, 2]``, float64 ``[2, 3]``.

    Least median of squares: pairs of points are drawn, as OpenCV draws them; the pair whose transform has the least median
    error says which points are wrong, and the others give the answer by least squares.
    """
    here, there = points.astype(np.float32), targets.astype(np.float32)
    best = min((_errors(_fit(here[pair], there[pair]), here, there) for pair in _pairs(len(here))), key=_median)
    noise = max(0.001, 2.5 * 1.4826 * (1 + 5 / (len(here) - 2)) * float(np.sqrt(_median(best))))
    right = best <= noise * noise
    return _fit(here[right], there[right])


def _median(errors: NDArray[np.float32]) -> float:
    return float(np.sort(errors)[len(errors) // 2])  # of an even number the upper one, as OpenCV has it


def _errors(
    matrix: NDArray[np.float64], points: NDArray[np.float32], targets: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the squared distances, float32 ``[n]``, of transformed points from their targets."""
    single = matrix.astype(np.float32)
    return np.asarray(((points @ single[:, :2].T + single[:, 2] - targets) ** 2).sum(axis=1))


def _fit(points: NDArray[np.float32], targets: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the similarity ``[2, 3]`` of least squares."""
    x, y = points.astype(np.float64), targets.astype(np.float64)
    centre, aim = x.mean(axis=0), y.mean(axis=0)
    x, y = x - centre, y - aim
    length = (x**2).sum()
    cosine, sine = (x * y).sum() / length, (x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]).sum() / length
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, aim - turn @ centre])


@cache
def _pairs(count: int) -> list[list[int]]:
    """Return the pairs of points that are tried: OpenCV's generator starts from the same state each time."""
    state = 2**64 - 1
    pairs: list[list[int]] = []
    while len(pairs) < _ROUNDS:
        pair: list[int] = []
        while len(pair) < 2:
            state = (state & 0xFFFFFFFF) * 4164903690 + (state >> 32)  # multiply with carry
            drawn = (state & 0xFFFFFFFF) % count
            pair += [drawn] if drawn not in pair else []
        pairs.append(pair)
    return pairs


def warped(
    frame: NDArray[np.uint8], matrix: NDArray[np.float64], corner: NDArray[np.int_], side: int
) -> NDArray[np.uint8]:
    """Return a square of a transformed picture, uint8 ``[side, side, C]``; black beyond the frame.

    Between pixels in steps of 1/32, as OpenCV's 8-bit ``warpAffine`` with ``INTER_LINEAR`` up to release 4.10.

    Args:
        frame: uint8 ``[H, W, C]``.
        matrix: ``[2, 3]``, from the frame's x and y to those of the transformed picture.
        corner: column and row of the square's first pixel there.
        side: of the square.
    """
    back = np.linalg.inv(matrix[:, :2])
    shift = -back @ matrix[:, 2]
    columns, rows = (start + np.arange(side) for start in corner)
    places = [
        (np.rint(a * columns * 1024).astype(np.int64) + np.rint((b * rows + c) * 1024).astype(np.int64)[:, None] + 16)
        >> 5
        for (a, b), c in zip(back, shift, strict=True)
    ]  # x and y in the frame, in 32nds of a pixel, [side, side]
    (x, across), (y, down) = ((place >> 5, (place & 31)[..., None]) for place in places)
    height, width = frame.shape[:2]

    def at(y: NDArray[np.int64], x: NDArray[np.int64]) -> NDArray[np.int64]:
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        near = frame[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        return np.where(inside[..., None], near, 0).astype(np.int64)  # [side, side, C]

    above = (32 - across) * at(y, x) + across * at(y, x + 1)
    below = (32 - across) * at(y + 1, x) + across * at(y + 1, x + 1)
    return np.asarray(((32 - down) * above + down * below + 512) >> 10, np.uint8)
