"""From faces in frames to one face's crops: shots, tracks and boxes, as the published pipelines make them.

Plain functions on arrays. Source: ``run_pipeline.py`` of joonson/syncnet_python, whose rules all of them share; where the
pinned PySceneDetect or a pipeline of its own differs, an argument says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from syncbench.clip import Frames
from syncbench.errors import ClipError
from syncbench.features.resize import bilinear

__all__ = ["ShotRule", "Track", "change", "crop", "hsv", "link", "longest", "shots", "small_frame", "smooth"]

SIZE = 224
CROP_SCALE = 0.40
LOST = 25  # frames without the face after which its track ends
SMALLEST = 100  # pixels, the larger side of a track's mean box
_GREY = 110


@dataclass(frozen=True, slots=True)
class ShotRule:
    """How a release of PySceneDetect cuts a video (``ContentDetector``, its defaults).

    Attributes:
        release: of PySceneDetect, as the pipeline pins it.
        threshold: mean change of hue, saturation and value, 0..255, that makes a cut.
        near: what becomes of a cut within 15 frames of another (of the first frame, too): ``drop`` it; ``merge`` it with
            the changes that follow; or ``first``: drop it, but never the very first one.
        tail: whether the last shot holds the last frame where there are cuts.
    """

    release: str
    threshold: float
    near: Literal["first", "drop", "merge"]
    tail: bool = True


_SHORTEST = 15  # frames


def small_frame(frame: NDArray[np.uint8], release: str) -> NDArray[np.uint8]:
    """Return a frame ``[H, W, 3]`` in the size in which a release of PySceneDetect compares it."""
    height, width = frame.shape[:2]
    if release == "0.5.1":
        steps = {3200: 12, 2100: 8, 1700: 6, 1200: 5, 900: 4, 600: 3, 400: 2}
        step = next((step for least, step in steps.items() if width >= least), 1)
        return frame[::step, ::step]
    factor = width / 256 if release == "0.6.6" else width // 256
    if factor <= 1:
        return frame
    size = max(1, round(height / factor)), max(1, round(width / factor))
    return np.asarray(bilinear(frame[None], *size)[0])


def hsv(frame: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return hue 0..179, saturation 0..255 and value 0..255 of an RGB frame ``[H, W, 3]``, equal to OpenCV's, int32."""
    red, green, blue = np.moveaxis(frame.astype(np.int32), -1, 0)
    value = frame.max(axis=-1).astype(np.int32)
    span = value - frame.min(axis=-1)
    saturation = (span * _SATURATION[value] + (1 << 11)) >> 12
    turn = np.where(value == red, green - blue, np.where(value == green, blue - red + 2 * span, red - green + 4 * span))
    hue = (turn * _HUE[span] + (1 << 11)) >> 12
    return np.stack([np.where(hue < 0, hue + 180, hue), saturation, value], axis=-1)


_COUNT = np.maximum(np.arange(256), 1)
_SATURATION = np.rint((255 << 12) / _COUNT).astype(np.int32) * (np.arange(256) > 0)
_HUE = np.rint((180 << 12) / (6.0 * _COUNT)).astype(np.int32) * (np.arange(256) > 0)


def change(before: NDArray[np.int32], after: NDArray[np.int32]) -> float:
    """Return how far two frames as :func:`hsv` gives them are apart: the mean over pixels and the three channels."""
    return float(np.abs(after - before).mean(axis=(0, 1)).mean())


def shots(changes: Sequence[float] | NDArray[np.float64], rule: ShotRule) -> list[tuple[int, int]]:
    """Return where shots begin and end (exclusive), from each frame's change from the one before (the first one: 0)."""
    cuts = _cuts(np.asarray(changes) >= rule.threshold, rule.near)
    if not cuts:
        return [(0, len(changes))]
    ends = [*cuts, len(changes) - (not rule.tail)]
    return list(zip([0, *cuts], ends, strict=True))


def _cuts(changed: NDArray[np.bool_], near: str) -> list[int]:
    cuts: list[int] = []
    last = 0  # frame that changed (merge), or was a cut
    merging: int | None = None  # frame from which on changes are merged into one cut
    for number, here in enumerate(changed[1:], start=1):
        far = number - last >= _SHORTEST or (near == "first" and not cuts)
        if near != "merge":
            if here and far:
                cuts.append(number)
                last = number
            continue
        last = number if here else last
        if merging is not None:
            if far and not here and last - merging >= _SHORTEST:
                cuts.append(last)
                merging = None
        elif here and far:
            cuts.append(number)
        elif here and cuts:
            merging = number
    return cuts


@dataclass(frozen=True)
class Track:
    """One face over consecutive frames: number of the first one, boxes float64 ``[n, 4]`` (left, top, right, bottom)."""

    start: int
    boxes: NDArray[np.float64]


def link(
    faces: Sequence[NDArray[np.float32]], start: int, end: int, shortest: int, surest_only: bool = False
) -> list[Track]:
    """Return the tracks in one shot, in the order in which they are found.

    A face joins a track if it overlaps the track's last one by more than half (IoU) and at most 25 frames have passed.
    A track counts with more than ``shortest`` faces whose mean box is over 100 pixels wide or high; where a face was
    missed, its box is interpolated.

    As in the pipelines, the face listed after one that joins a track is passed over in that frame.

    Args:
        faces: in each frame of the video, ``[n, >= 4]``: left, top, right, bottom in pixels; the surest first.
        start, end: the shot's frames.
        shortest: see above. A shot of fewer frames has no track.
        surest_only: look no further in a frame once a face does not fit (MoChaBench).
    """
    if end - start < shortest:
        return []
    left = [(number, [np.asarray(box, np.float64)[:4] for box in faces[number]]) for number in range(start, end)]
    tracks: list[Track] = []
    while chain := _chain(left, surest_only):
        if len(chain) <= shortest:
            continue
        numbers = np.array([number for number, _ in chain])
        boxes = np.array([box for _, box in chain])
        every = np.arange(numbers[0], numbers[-1] + 1)
        full = np.stack([np.interp(every, numbers, side) for side in boxes.T], axis=1)
        if max((full[:, 2] - full[:, 0]).mean(), (full[:, 3] - full[:, 1]).mean()) > SMALLEST:
            tracks.append(Track(int(numbers[0]), full))
    return tracks


def _chain(
    left: list[tuple[int, list[NDArray[np.float64]]]], surest_only: bool
) -> list[tuple[int, NDArray[np.float64]]]:
    """Take the next track's faces out of those that are left."""
    chain: list[tuple[int, NDArray[np.float64]]] = []
    for number, boxes in left:
        at = 0
        while at < len(boxes):
            fits = not chain or (number - chain[-1][0] <= LOST and _overlap(boxes[at], chain[-1][1]) > 0.5)
            if fits:
                chain.append((number, boxes.pop(at)))  # the next face moves to this place and is passed over
            elif surest_only:
                break
            at += 1
    return chain


def _overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the intersection of two boxes over their union."""
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return float(width * height / (areas[0] + areas[1] - width * height))


def longest(tracks: Iterable[Track]) -> Track | None:
    """Return the track of the most frames, the first among equals; None of none."""
    return max(tracks, key=lambda track: len(track.boxes), default=None)


def smooth(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return centre x, y and half the larger side of boxes ``[n, 4]``, float64 ``[n, 3]``: running medians over 13 frames.

    Beyond the ends they are zeros, so the first and last six values are the least of those in reach.
    """
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = np.max(boxes[:, 2:] - boxes[:, :2], axis=1) / 2
    values = np.concatenate([centres, half[:, None]], axis=1)
    return np.stack([ndimage.median_filter(column, 13, mode="constant") for column in values.T], axis=1)


def crop(frame: NDArray[np.uint8], x: float, y: float, half: float) -> Frames:
    """Return a face's crop, uint8 ``[224, 224, 3]``, of a frame ``[H, W, 3]``.

    A square of side 2.8 ``half``, from the top of the face to 0.8 ``half`` below it, grey 110 beyond the frame, resized
    as OpenCV does. Raises ClipError where the face lies so far outside the frame that nothing is left.
    """
    pad = int(half * (1 + 2 * CROP_SCALE))
    x, y = x + pad, y + pad  # the order of these sums decides how they round
    top, bottom = int(y - half), int(y + half * (1 + 2 * CROP_SCALE))
    left, right = int(x - half * (1 + CROP_SCALE)), int(x + half * (1 + CROP_SCALE))
    height, width = frame.shape[:2]
    bottom, right = min(bottom, height + 2 * pad), min(right, width + 2 * pad)
    if min(top, left) < 0 or bottom <= top or right <= left:
        raise ClipError("the face lies outside the picture; cut the clip to where it is seen")
    square = np.full((bottom - top, right - left, 3), _GREY, np.uint8)
    rows, columns = slice(max(top - pad, 0), max(bottom - pad, 0)), slice(max(left - pad, 0), max(right - pad, 0))
    seen = frame[rows, columns]
    down, across = max(pad - top, 0), max(pad - left, 0)
    square[down : down + seen.shape[0], across : across + seen.shape[1]] = seen
    return np.asarray(bilinear(square[None], SIZE, SIZE)[0])
