"""What the recognisers see and hear: aligned grey mouths and normalised waveforms.

Mouths follow the current practice of the field (Ma et al.; AV-RelScore): landmarks are smoothed over 12 frames, a
similarity carries eight stable points to a canonical face of 256 x 256 pixels, and the square of 96 pixels around the
mouth is kept (the embedded preset keeps a wider one). Differences: the similarity is least squares over the eight
points, the canonical face is this project's own, and the square is sampled straight from the frame at the wanted size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import SAMPLES_PER_FRAME, Frames, Waveform
from syncbench.errors import ClipError
from syncbench.features.landmarks import fill_missing
from syncbench.media import Footage

__all__ = ["mouth_crops", "normalise_mouths", "normalise_speech"]

Landmarks = NDArray[np.floating]
Mouths = NDArray[np.uint8]

SMOOTHING = 12
"""Frames over which landmarks are averaged, centred, the centroid kept."""

# Stable points (dlib's order) and where they lie on the canonical face of 256 x 256 pixels: bridge and base of the
# nose, corners of the eyes and of the mouth.
STABLE = (28, 33, 36, 39, 42, 45, 48, 54)
CANONICAL = np.array(
    [[129, 108], [129, 137], [79, 95], [106, 95], [152, 95], [180, 95], [105, 157], [154, 157]], dtype=np.float64
)


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average each frame's shape over a centred window, shrunk at the ends, and put it back at the frame's centroid."""
    count, half = len(points), SMOOTHING // 2
    smooth = np.empty_like(points)
    for t in range(count):
        reach = min(half, t, count - 1 - t)
        mean = points[t - reach : t + reach + 1].mean(axis=0)
        smooth[t] = mean - mean.mean(axis=0) + points[t].mean(axis=0)
    return smooth


def _similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[complex, complex]:
    """Return ``a, b`` of the least-squares similarity ``target = a * source + b`` on points as complex numbers."""
    s, t = (p[:, 0] + 1j * p[:, 1] for p in (source, target))
    centred = s - s.mean()
    a = complex(np.vdot(centred, t - t.mean()) / np.vdot(centred, centred))
    return a, complex(t.mean() - a * s.mean())


def mouth_crops(frames: Frames | Footage, landmarks: Landmarks, size: int, field: int = 96) -> Mouths:
    """Return the grey mouths of a clip, uint8 ``[T, size, size]``.

    Args:
        frames: uint8 ``[T, H, W, 3]``.
        landmarks: ``[T, 68, 2]`` pixels, NaN where no face was found.
        size: side of the crop in pixels.
        field: side of what the crop shows, in pixels of the canonical face.
    """
    if len(frames) != len(landmarks):
        raise ClipError(f"{len(frames)} frames but landmarks for {len(landmarks)}: compute the landmarks again")
    from scipy.ndimage import map_coordinates

    smooth = _smooth(fill_missing(landmarks))
    luma = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    axis = ((np.arange(size) + 0.5) / size - 0.5) * field
    offset = axis[None, :] + 1j * axis[:, None]
    crops = np.empty((len(frames), size, size), dtype=np.uint8)
    for t, (points, frame) in enumerate(zip(smooth, frames, strict=True)):
        a, _ = _similarity(points[list(STABLE)], CANONICAL)
        mouth = points[48:68].mean(axis=0)
        place = complex(mouth[0], mouth[1]) + offset / a
        crop = map_coordinates(frame.astype(np.float32) @ luma, [place.imag, place.real], order=1, mode="constant")
        crops[t] = np.rint(crop).astype(np.uint8)
    return crops


def normalise_mouths(mouths: Mouths, side: int) -> NDArray[np.float32]:
    """Return the centre ``side`` pixels of the mouths, normalised by mean 0.421 and deviation 0.165, ``[T, side, side]``."""
    margin = (mouths.shape[-1] - side) // 2
    centre = mouths[:, margin : margin + side, margin : margin + side]
    return (centre.astype(np.float32) / 255.0 - 0.421) / 0.165


def normalise_speech(speech: Waveform, frames: int) -> NDArray[np.float32]:
    """Return speech cut or padded to ``frames`` frames, with zero mean and unit variance over the clip, ``[640 * T]``."""
    cut = np.zeros(frames * SAMPLES_PER_FRAME, dtype=np.float32)
    count = min(len(cut), len(speech))
    cut[:count] = speech[:count]
    deviation = max(float(cut.std()), 1e-8)
    return np.asarray((cut - cut.mean()) / deviation, dtype=np.float32)
