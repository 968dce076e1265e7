"""The square of a face that is generated: where it lies, cut out, and blended back.

The square follows the eyes and the nose alone, so its place and size say nothing about the mouth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from syncbench.baselines.faces.networks import Face
from syncbench.clip import Frames
from syncbench.errors import ClipError
from syncbench.media import Footage, spans

__all__ = ["Boxes", "blend_mask", "crop", "find_boxes", "paste", "to_images", "to_pixels"]

Boxes = NDArray[np.int64]
"""``[T, 3]``: left, top and side of a square per frame, in pixels; may reach outside the frame."""

_STABLE_FRAMES = 2.0
_EDGE = 0.1
_NEAR = 0.1


def find_boxes(points: NDArray[np.float32] | None, shape: Sequence[int], face: Face) -> Boxes:
    """Return the square of each frame.

    ``points`` is ``[T, 68, 2]``, landmarks with NaN where no face was found (filled in from the neighbours), or None
    for the fixed box of ``face``. ``shape`` is the frames' ``(T, H, W, ...)``. The side is one for the clip. Where it is
    within 10 % of ``face.size`` it is taken as ``face.size``, which saves a blurring resize. Raises ClipError where
    no frame has a face.
    """
    count, height, width = shape[:3]
    if points is None:
        x, y, side = face.box[0] * width, face.box[1] * height, face.box[2] * width
        centres = np.tile([x, y], (count, 1))
    else:
        eyes = points[:, 36:48].mean(axis=1)
        nose = points[:, 33]
        anchors = np.concatenate([eyes, nose], axis=1).astype(np.float64)  # [T, 4]
        seen = np.isfinite(anchors).all(axis=1)
        if len(points) != count:
            raise ClipError(f"the landmarks count {len(points)} frames, the video {count}: compute the landmarks again")
        if not seen.any():
            raise ClipError("no face was found in any frame: give landmarks, or use --option face=box for face crops")
        frames = np.arange(count)
        filled = np.stack([np.interp(frames, frames[seen], anchors[seen, i]) for i in range(4)], axis=1)
        steady = gaussian_filter1d(filled, _STABLE_FRAMES, axis=0, mode="nearest")
        unit = float(np.median(np.hypot(*(steady[:, 2:] - steady[:, :2]).T)))
        centres = steady[:, :2] + [0.0, face.down * unit]
        side = face.side * unit
    if abs(side - face.size) <= _NEAR * face.size:
        side = face.size
    side = max(8, round(side))
    corners = np.rint(centres - side / 2).astype(np.int64)
    return np.concatenate([corners, np.full((count, 1), side)], axis=1)


def _resize(images: Tensor, side: int) -> Tensor:
    """Resize ``[N, 3, H, W]`` in 0..255 to a square, antialiased; the same size is left as it is."""
    if images.shape[-1] == side:
        return images
    return F.interpolate(images, (side, side), mode="bicubic", antialias=True).clamp(0, 255)


def crop(frames: Frames | Footage, boxes: Boxes, size: int) -> Frames:
    """Return the squares, uint8 ``[T, size, size, 3]``; beyond the frame its edge is repeated."""
    if len(frames) != len(boxes):
        raise ValueError(f"{len(frames)} frames, but boxes for {len(boxes)}")
    parts = [_crop(frames[span], boxes[span], size) for span in spans(frames)]
    return np.concatenate(parts) if parts else np.zeros((0, size, size, 3), np.uint8)


def _crop(frames: Frames, boxes: Boxes, size: int) -> Frames:
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
    height, width = frames.shape[1:3]
    side = int(boxes[0, 2])
    scaled = _resize(torch.from_numpy(images).permute(0, 3, 1, 2).float(), side).permute(0, 2, 3, 1).numpy()
    mask = blend_mask(face, side)[..., None]
    result = frames.copy()
    for frame, square, (left, top, _) in zip(result, scaled, boxes, strict=True):
        x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + side), min(height, top + side)
        if x0 >= x1 or y0 >= y1:
            raise ClipError("the face lies outside the frame: give landmarks of this video, or --option face=box")
        inside = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        old = frame[y0:y1, x0:x1].astype(np.float32)
        frame[y0:y1, x0:x1] = np.rint(old + mask[inside] * (square[inside] - old)).astype(np.uint8)
    return result


def to_images(pixels: Tensor) -> Tensor:
    """Return uint8 ``[..., H, W, 3]`` as float ``[..., 3, H, W]`` in -1..1."""
    return pixels.movedim(-1, -3).float() / 127.5 - 1


def to_pixels(images: Tensor) -> Frames:
    """Return float ``[N, 3, H, W]`` in -1..1 as uint8 ``[N, H, W, 3]``."""
    return ((images.float() + 1) * 127.5).round().clamp(0, 255).byte().movedim(-3, -1).contiguous().cpu().numpy()
