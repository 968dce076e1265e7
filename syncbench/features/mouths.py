"""Mouth crops: grey squares around the lips that follow the head but not the speech.

The crop is placed by landmarks smoothed over time, and its side is a multiple of the face's size, so that a mouth fills
the same part of every crop, whatever the resolution of the video.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from syncbench.clip import Frames
from syncbench.feature import Feature
from syncbench.features.frames import FOOTAGE
from syncbench.media import Footage, spans

__all__ = ["SIDE_PER_FACE", "crop_mouths", "face_sizes", "mouth_boxes", "mouth_squares", "mouths"]

SIDE_PER_FACE = 1.1
"""Side of the crop in face sizes; a face is about as large as its outer eye corners are apart."""
_EYE_TO_MOUTH = 1.12  # that distance over the one from eyes to mouth, on a frontal face: holds the size when it turns
_CENTRE_SIGMA = 3.0  # frames; syllables are shorter, nods are longer
_SIZE_SIGMA = 12.0  # frames
_LEAP = 0.5  # of the face's size, from one frame to the next


def mouths(landmarks: Feature, size: int = 96) -> Feature:
    """Return the feature of grey mouth crops, uint8 ``[T, size, size]``, placed by the landmarks of another feature."""

    def crop(frames: Footage, points: NDArray[np.float32]) -> NDArray[np.uint8]:
        return crop_mouths(frames, points, size)

    return Feature(f"mouths[{size},{landmarks.name}]", crop, needs=(FOOTAGE, landmarks))


def mouth_boxes(landmarks: NDArray[np.floating]) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Return centres [T, 2] and sides [T] of the mouth crops in pixels, or None where no frame shows a face.

    ``landmarks`` is [T, 68, 2], NaN where no face was found: there the neighbours decide.
    """
    found = np.flatnonzero(np.isfinite(landmarks).all((1, 2)))
    if not len(found):
        return None
    points = landmarks[found].astype(np.float64)
    track = np.column_stack([points[:, 48:68].mean(1), face_sizes(points)])  # [found, 3]
    times = np.arange(len(landmarks))
    track = np.stack([np.interp(times, found, column) for column in track.T], axis=1)
    track = ndimage.median_filter(track, (5, 1), mode="nearest")  # a single wild frame moves nothing
    parts = [_steady(part) for part in np.split(track, _leaps(track))]
    steady = np.concatenate(parts).astype(np.float32)
    return steady[:, :2], steady[:, 2]


def face_sizes(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how large faces ``[T, 68, 2]`` are, ``[T]``: about the distance between the outer eye corners."""
    across = np.linalg.norm(points[:, 45] - points[:, 36], axis=1)
    down = np.linalg.norm(points[:, 48:68].mean(1) - points[:, 36:48].mean(1), axis=1)
    return np.asarray(np.maximum(across, _EYE_TO_MOUTH * down))


def mouth_squares(landmarks: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the square around the mouth in each frame, whole pixels, float32 ``[T, 3]``: left, top, side.

    It lies where the crop of :func:`mouth_boxes` does, and is of one size over the clip, the median, so that pixels are
    taken as they are. NaN in frames without landmarks.
    """
    squares = np.full((len(landmarks), 3), np.nan, np.float32)
    boxes = mouth_boxes(landmarks)
    if boxes is not None:
        centres, sides = boxes
        side = np.rint(np.median(sides))
        squares[:, :2], squares[:, 2] = np.rint(centres - side / 2), side
        squares[~np.isfinite(landmarks).all(axis=(1, 2))] = np.nan
    return squares


def _leaps(track: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the frames at which the mouth is elsewhere at once, as at a cut: it moves by over half a face."""
    steps = np.linalg.norm(np.diff(track[:, :2], axis=0), axis=1)
    return np.flatnonzero(steps > _LEAP * np.minimum(track[1:, 2], track[:-1, 2])) + 1


def _steady(track: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth centres and sizes ``[n, 3]`` over time, and return centres and sides."""
    centres = ndimage.gaussian_filter1d(track[:, :2], _CENTRE_SIGMA, axis=0, mode="nearest")
    sides = ndimage.gaussian_filter1d(track[:, 2], _SIZE_SIGMA, mode="nearest") * SIDE_PER_FACE
    return np.column_stack([centres, sides])


def crop_mouths(
    frames: Frames | Footage, landmarks: NDArray[np.floating], size: int = 96, scale: float = 1.0
) -> NDArray[np.uint8]:
    """Return grey mouth crops, uint8 [T, size, size].

    Args:
        frames: uint8 [T, H, W, 3] RGB, or grey [T, H, W].
        landmarks: [T, 68, 2] in pixels of the frame. Where no frame shows a face, the crop is the fixed box that holds
            the mouth of a centred face crop.
        size: side of the result in pixels.
        scale: widens the crop around the same centre.
    """
    import torch
    import torch.nn.functional as F

    height, width = frames.shape[1:3]
    boxes = mouth_boxes(landmarks)
    if boxes is None:
        centres = np.tile(np.array([0.5 * width, 0.68 * height], np.float32), (len(frames), 1))
        sides = np.full(len(frames), 0.36 * min(height, width), np.float32)
    else:
        centres, sides = boxes
    sides = sides * scale
    finer = max(1, int(np.ceil(sides.max(initial=1) / size)))  # sample that much finer, then average: no aliasing
    steps = (torch.arange(size * finer) + 0.5) / (size * finer) - 0.5  # across the crop, -0.5..0.5
    crops = np.empty((len(frames), size, size), np.uint8)
    for part in spans(frames):
        grey = torch.from_numpy(_grey(frames[part]))[:, None]  # [t, 1, H, W]
        centre, side = torch.from_numpy(centres[part]), torch.from_numpy(sides[part])
        x = ((centre[:, :1] + side[:, None] * steps) * 2) / width - 1  # [t, S]
        y = ((centre[:, 1:] + side[:, None] * steps) * 2) / height - 1
        grid = torch.stack(
            [x[:, None].expand(-1, len(steps), -1), y[:, :, None].expand(-1, -1, len(steps))], dim=-1
        )  # [t, S, S, 2]
        values = F.grid_sample(grey, grid, mode="bilinear", padding_mode="border", align_corners=False)
        crops[part] = F.avg_pool2d(values, finer)[:, 0].round().clamp(0, 255).to(torch.uint8).numpy()
    return crops


def _grey(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return luma, float32 [T, H, W]."""
    if frames.ndim == 3:
        return frames.astype(np.float32)
    return (frames @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)
