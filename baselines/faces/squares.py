"""The square of a face that is generated: where it lies, cut out, and blended back.

The square follows the eyes and the nose alone, so its place and size say nothing about the mouth.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter
from torch import Tensor

from syncbench.baselines.faces.networks import Face
from syncbench.clip import Frames
from syncbench.errors import ClipError
from syncbench.media import Footage, spans

__all__ = ["Boxes", "blend_mask", "crop", "find_boxes", "looks", "paste", "to_images", "to_pixels"]

Boxes = NDArray[np.int64]
"""``[T, 3]``: left, top and side of a square per frame, in pixels; may reach outside the frame. Side 0: none is drawn."""

_STABLE_FRAMES = 2.0
_EDGE = 0.1
_NEAR = 0.1
_LEAP = 0.4  # of the square's side, from one frame to the next: another shot, as is another size by over a quarter
_ZOOM = 1.25


def find_boxes(
    points: NDArray[np.float32] | None, shape: Sequence[int], face: Face, shown: NDArray[np.bool_] | None = None
) -> Boxes:
    """Return the square of each frame.

    ``points`` is ``[T, 68, 2]``, landmarks with NaN where no face was found (filled in from the neighbours), or None
    for the fixed box of ``face``. ``shape`` is the frames' ``(T, H, W, ...)``. ``shown`` ``[T]`` says in which frames there
    is a face to draw; None: in all. The side is one for each stretch in which the face neither leaps nor changes its size
    at once, as it does at a cut. Where it is within 10 % of ``face.size`` it is taken as ``face.size``, which saves a
    blurring resize. Raises ClipError where no frame has a face.
    """
    count, height, width = shape[:3]
    if points is None:
        x, y, side = face.box[0] * width, face.box[1] * height, face.box[2] * width
        return _square(np.tile([x, y], (count, 1)), side, face)
    if len(points) != count:
        raise ClipError(f"the landmarks count {len(points)} frames, the video {count}: compute the landmarks again")
    anchors = _anchors(points)
    seen = np.flatnonzero(_finite(anchors))
    if not len(seen):
        raise ClipError("no face was found in any frame: give landmarks, or use --option face=box for face crops")
    starts = seen[_leaps(anchors[seen], face)]
    bounds = [0, *starts.tolist(), count]
    boxes = np.concatenate([_follow(anchors[start:stop], face) for start, stop in pairwise(bounds)])
    if shown is not None and not shown.all():
        boxes[~_between(shown, _finite(anchors))] = 0
    return boxes


def looks(boxes: Boxes, points: NDArray[np.float32] | None, reference: int) -> NDArray[np.int64]:
    """Return for each frame the one that shows how its face looks, int64 ``[T]``.

    It is the ``reference``-th frame of its stretch whose face was found, counted from 0, or the last one: another shot may
    show another person, and a first frame may be black.
    """
    count = len(boxes)
    seen = np.ones(count, bool) if points is None else _finite(_anchors(points))
    steps = np.diff(boxes, axis=0)
    starts = np.flatnonzero((steps[:, 2] != 0) | (np.linalg.norm(steps[:, :2], axis=1) > _LEAP * boxes[1:, 2])) + 1
    found = np.arange(count)
    for start, stop in pairwise([0, *starts.tolist(), count]):
        faces = start + np.flatnonzero(seen[start:stop])
        if not len(faces):
            faces = np.arange(start, stop)
        found[start:stop] = faces[min(reference, len(faces) - 1)]
    return found


def _between(shown: NDArray[np.bool_], seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which frames ``[T]`` that are shown lie between two of their stretch in which the face was found.

    A detector looks at every few frames: about where a face comes and goes its landmarks say more.
    """
    found = np.zeros(len(shown), bool)
    bounds = np.flatnonzero(np.diff(shown.astype(np.int8))) + 1
    for start, stop in pairwise([0, *bounds.tolist(), len(shown)]):
        faces = start + np.flatnonzero(seen[start:stop] & shown[start:stop])
        if len(faces):
            found[faces[0] : faces[-1] + 1] = True
    return found


def _anchors(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the middle of the eyes and the tip of the nose ``[T, 4]``."""
    return np.concatenate([points[:, 36:48].mean(axis=1), points[:, 33]], axis=1).astype(np.float64)


def _finite(anchors: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(anchors).all(axis=1))


def _unit(anchors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.hypot(*(anchors[:, 2:] - anchors[:, :2]).T))


def _leaps(anchors: NDArray[np.float64], face: Face) -> NDArray[np.intp]:
    """Return at which rows of ``[n, 4]`` the face is elsewhere or of another size at once."""
    track = np.column_stack([anchors[:, :2], _unit(anchors)])
    track = median_filter(track, (5, 1), mode="nearest")  # a single wild frame is no cut
    near, far = np.sort(np.stack([track[1:, 2], track[:-1, 2]]), axis=0)
    moved = np.linalg.norm(np.diff(track[:, :2], axis=0), axis=1)
    return np.flatnonzero((moved > _LEAP * face.side * near) | (far > _ZOOM * near)) + 1


def _follow(anchors: NDArray[np.float64], face: Face) -> Boxes:
    """Return the squares of one stretch from its anchors ``[n, 4]``, NaN where they are to be filled in."""
    frames = np.arange(len(anchors))
    seen = _finite(anchors)
    filled = np.stack([np.interp(frames, frames[seen], anchors[seen, i]) for i in range(4)], axis=1)
    steady = gaussian_filter1d(filled, _STABLE_FRAMES, axis=0, mode="nearest")
    unit = float(np.median(_unit(steady)))
    return _square(steady[:, :2] + [0.0, face.down * unit], face.side * unit, face)


def _square(centres: NDArray[np.float64], side: float, face: Face) -> Boxes:
    if abs(side - face.size) <= _NEAR * face.size:
        side = face.size
    side = max(8, round(side))
    corners = np.rint(centres - side / 2).astype(np.int64)
    return np.concatenate([corners, np.full((len(centres), 1), side)], axis=1)


def _resize(images: Tensor, side: int) -> Tensor:
    """Resize ``[N, 3, H, W]`` in 0..255 to a square, antialiased; the same size is left as it is."""
    if images.shape[-1] == side:
        return images
    return F.interpolate(images, (side, side), mode="bicubic", antialias=True).clamp(0, 255)


def crop(frames: Frames | Footage, boxes: Boxes, size: int) -> Frames:
    """Return the squares, uint8 ``[T, size, size, 3]``; beyond the frame its edge is repeated. Black where there is none."""
    if len(frames) != len(boxes):
        raise ValueError(f"{len(frames)} frames, but boxes for {len(boxes)}")
    parts = [_crop(frames[span], boxes[span], size) for span in spans(frames)]
    return np.concatenate(parts) if parts else np.zeros((0, size, size, 3), np.uint8)


def _crop(frames: Frames, boxes: Boxes, size: int) -> Frames:
    found = np.zeros((len(frames), size, size, 3), np.uint8)
    for here in _alike(boxes):
        found[here] = _crop_alike(frames[here], boxes[here], size)
    return found


def _alike(boxes: Boxes) -> list[NDArray[np.intp]]:
    """Return the frames that have a square, those of one side together."""
    return [np.flatnonzero(boxes[:, 2] == side) for side in np.unique(boxes[:, 2]) if side]


def _crop_alike(frames: Frames, boxes: Boxes, size: int) -> Frames:
    height, width = frames.shape[1:3]
    squares = np.stack(
        [
            frame[
                np.clip(np.arange(top, top + side), 0, height - 1)[:, None],
                np.clip(np.arange(left, left + side), 0, width - 1)[None, :],
            ]
            for frame, (left, top, side) in zip(frames, boxes, strict=True)
        ]
    )
    if squares.shape[1] == size:
        return squares
    pixels = torch.from_numpy(squares).permute(0, 3, 1, 2).float()
    return _resize(pixels, size).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def blend_mask(face: Face, side: int) -> NDArray[np.float32]:
    """Return how much of each pixel of a square is the generated one, float32 ``[side, side]`` in 0..1.

    0 above the hidden row, rising to 1 within a tenth of the side from each edge.
    """
    soft = max(1.0, _EDGE * side)
    rows = np.arange(side) + 0.5
    from_top = (rows - face.hidden_row / face.size * side) / soft
    from_bottom = (side - rows) / soft
    across = np.minimum(rows, side - rows) / soft
    down = np.clip(np.minimum(from_top, from_bottom), 0, 1)
    mask = down[:, None] * np.clip(across, 0, 1)[None, :]
    return np.asarray(mask * mask * (3 - 2 * mask), np.float32)


def paste(frames: Frames, images: Frames, boxes: Boxes, face: Face) -> Frames:
    """Return the frames with the generated squares ``[T, size, size, 3]`` blended in; all else is untouched."""
    result = frames.copy()
    for here in _alike(boxes):
        side = int(boxes[here[0], 2])
        scaled = _resize(torch.from_numpy(images[here]).permute(0, 3, 1, 2).float(), side).permute(0, 2, 3, 1).numpy()
        mask = blend_mask(face, side)[..., None]
        for number, square in zip(here.tolist(), scaled, strict=True):
            _blend(result[number], square, mask, boxes[number])
    return result


def _blend(
    frame: NDArray[np.uint8], square: NDArray[np.float32], mask: NDArray[np.float32], box: NDArray[np.int64]
) -> None:
    """Blend a square into a frame, in place."""
    (height, width), (left, top, side) = frame.shape[:2], box.tolist()
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + side), min(height, top + side)
    if x0 >= x1 or y0 >= y1:
        raise ClipError("the face lies outside the frame: give landmarks of this video, or --option face=box")
    inside = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    old = frame[y0:y1, x0:x1].astype(np.float32)
    frame[y0:y1, x0:x1] = np.rint(old + mask[inside] * (square[inside] - old)).astype(np.uint8)


def to_images(pixels: Tensor) -> Tensor:
    """Return uint8 ``[..., H, W, 3]`` as float ``[..., 3, H, W]`` in -1..1."""
    return pixels.movedim(-1, -3).float() / 127.5 - 1


def to_pixels(images: Tensor) -> Frames:
    """Return float ``[N, 3, H, W]`` in -1..1 as uint8 ``[N, H, W, 3]``."""
    return ((images.float() + 1) * 127.5).round().clamp(0, 255).byte().movedim(-3, -1).contiguous().cpu().numpy()
