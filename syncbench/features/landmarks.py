"""Landmarks of a clip's face, float32 ``[T, 68, 2]`` in dlib's order, from one of several providers.

Values from different providers differ, so whoever uses landmarks names the provider in its settings. Providers are found
by the entry points ``syncbench.landmarks``; with SyncBench come

- ``bundled``: the landmark network that ships with it;
- ``mediapipe``: MediaPipe's face landmarker, from the ``mediapipe`` extra and a model file (``syncbench weights``);
- ``precomputed``: the clip's own landmark file (``Clip.extras["landmarks"]``), made elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Clip
from syncbench.errors import ClipError
from syncbench.feature import Feature, Features, available

__all__ = [
    "INNER_LIPS",
    "LEFT_EYE",
    "MESH_68",
    "MIN_CONSISTENCY",
    "MIN_LOOKS",
    "MOUTH",
    "PRECOMPUTED",
    "RIGHT_EYE",
    "STILL",
    "Provider",
    "best_source",
    "consistency",
    "fill_missing",
    "fitted",
    "inner_opening",
    "interocular",
    "mouth_doubt",
    "mouth_opening",
    "read_landmarks",
]

MOUTH = slice(48, 68)
INNER_LIPS = slice(60, 68)
RIGHT_EYE = slice(36, 42)  # the speaker's right, on the left of the picture
LEFT_EYE = slice(42, 48)

MESH_68 = (
    127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356,  # jaw
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # brows
    168, 197, 5, 4, 75, 97, 2, 326, 305,  # nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,  # outer lips
    78, 82, 13, 312, 308, 317, 14, 87,  # inner lips
)  # fmt: skip
"""The points of MediaPipe's face mesh that stand for dlib's 68."""

MIN_CONSISTENCY = 0.8
"""Least correlation of a mouth's opening between two looks at which landmarks are taken to follow it. ASSUMED: real talkers
and moderate blur, noise and dark lie above 0.9."""
STILL = 0.005
"""A mouth stands still where its opening deviates by no more than this, in interocular distances. ASSUMED: a talker's
deviates by 0.02 to 0.06."""
MIN_LOOKS = 10
"""Fewest frames, seen in both looks, over which a correlation is taken. ASSUMED."""

_UPPER, _LOWER = (61, 62, 63), (67, 66, 65)  # facing pairs of the inner lips
_POINTS = 68
_SUBPIXELS = 64  # integer files count 64ths of a pixel
_ABSENT = -64  # both coordinates, where no face was found


@dataclass(frozen=True)
class Provider:
    """Who finds landmarks.

    Attributes:
        name: as options and signatures say it.
        feature: a clip's landmarks, float32 ``[T, 68, 2]``.
        unavailable: returns None, or one line: what is missing and the command that gets it.
        looks: feature: the opening of the inner lips (:func:`inner_opening`) in two looks at one video, the second at
            another picture of the same mouth, float32 ``[2, T]``; None where nobody looks twice: its landmarks are
            never doubted.
    """

    name: str
    feature: Feature
    unavailable: Callable[[], str | None] = available
    looks: Feature | None = None

    @property
    def label(self) -> str:
        """What a signature says of it, such as ``mediapipe@64184e22``."""
        return f"{self.name}@{self.feature.weights[:8]}" if self.feature.weights else self.name

    @property
    def settings(self) -> dict[str, str]:
        """What scores made of its landmarks must say in their signatures."""
        doubted = {"withheld": f"consistency<{MIN_CONSISTENCY:g},still<={STILL:g}"} if self.looks is not None else {}
        return {"landmarks": self.label, **doubted}


def interocular(landmarks: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the distance between the outer eye corners (points 36 and 45) of each frame, float64 ``[T]``."""
    return np.asarray(np.linalg.norm(landmarks[:, 36].astype(np.float64) - landmarks[:, 45], axis=1))


def mouth_opening(landmarks: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return how far the mouth is open in each frame of landmarks ``[T, 68, 2]``, float64 ``[T]``.

    Mean distance of the inner lips' three facing pairs, divided by the clip's median interocular distance, so that the
    jitter of the eyes' landmarks does not enter. NaN where the face is missing.
    """
    gaps = np.linalg.norm(landmarks[:, _UPPER].astype(np.float64) - landmarks[:, _LOWER], axis=2)
    return np.asarray(gaps.mean(axis=1) / _median_interocular(landmarks))


def inner_opening(landmarks: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return the distance of the inner lips' middles (points 62 and 66) in each frame, float32 ``[T]``.

    In the clip's median interocular distance. NaN where the face is missing.
    """
    gap = np.linalg.norm(landmarks[:, 62].astype(np.float64) - landmarks[:, 66], axis=1)
    return np.asarray(gap / _median_interocular(landmarks), np.float32)


def _median_interocular(landmarks: NDArray[np.floating[Any]]) -> float:
    """Return a clip's median interocular distance in pixels; NaN where no frame shows a face."""
    eyes = interocular(landmarks)
    known = eyes[np.isfinite(eyes) & (eyes > 0)]
    return float(np.median(known)) if len(known) else np.nan


def consistency(looks: NDArray[np.floating[Any]]) -> float:
    """Return how alike a mouth opens and closes in two looks ``[2, T]``: their correlation, -1..1.

    Over the frames that both saw; NaN where those are under ``MIN_LOOKS``, or the mouth stands still in either.

    >>> consistency(np.array([np.arange(12.0), 3 * np.arange(12.0)]))
    1.0
    """
    both = looks[:, np.isfinite(looks).all(axis=0)].astype(np.float64)
    if both.shape[1] < MIN_LOOKS or both.std(axis=1).min() <= STILL:
        return float("nan")
    return round(float(np.asarray(np.corrcoef(both))[0, 1]), 6)


def mouth_doubt(provider: Provider, real: Features) -> str:
    """Return why a provider's landmarks are not known to follow the mouth of a clip's real video; empty where they do.

    The truth is not known there. What can be asked is whether they find the same movement when they look again: what
    depends on the picture and not on the mouth is not found twice. Landmarks that are wrong alike in both looks, as over a
    covered mouth, pass.
    """
    if provider.looks is None:
        return ""
    looks = real[provider.looks]
    found = consistency(looks)
    if found >= MIN_CONSISTENCY:
        return ""
    what = f"nothing shows that the landmarks ({provider.name}) follow the mouth of the real video"
    seen = int(np.isfinite(looks).all(axis=0).sum())
    if seen < MIN_LOOKS:
        return f"{what}: {seen} frames were seen twice, at least {MIN_LOOKS} are needed"
    if np.isnan(found):
        return f"{what}: they do not move"
    return (
        f"the landmarks ({provider.name}) do not follow the mouth of the real video: two looks at it open and close "
        f"alike by {found:.2f}, at least {MIN_CONSISTENCY:g} is needed"
    )


def _own(clip: Clip) -> NDArray[np.float32]:
    path = clip.extras.get("landmarks")
    if path is None:
        raise ClipError("there is no landmark file for this video; use another landmark provider")
    return read_landmarks(path, clip.id)


def read_landmarks(path: Path, clip: str) -> NDArray[np.float32]:
    """Return a clip's landmarks from an npz file, float32 ``[T, 68, 2]`` in pixels, NaN where no face was found.

    The file holds an array ``[T, 68, 2]`` under the clip's id or the last part of it. Integers are pixels times 64, with
    -64 for a missing face; floats are pixels.

    Raises:
        ClipError: no such file or key, or another shape.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            key = next((key for key in (clip, clip.rpartition("/")[2]) if key in file.files), None)
            if key is None:
                raise ClipError(f"{path}: holds no landmarks of {clip}")
            points = file[key]
    except (OSError, ValueError) as error:
        raise ClipError(f"{path}: not a readable npz file of landmarks ({str(error).partition(chr(10))[0]})") from error
    if points.ndim != 3 or points.shape[1:] != (_POINTS, 2):
        raise ClipError(f"{path}: landmarks of {clip} must be [frames, 68, 2], not {list(points.shape)}")
    if np.issubdtype(points.dtype, np.integer):
        absent = (points == _ABSENT).all(axis=(1, 2))
        points = points / np.float32(_SUBPIXELS)
        points[absent] = np.nan
    return np.asarray(points, np.float32)


class _Parts(Protocol):
    def has(self, part: str, /) -> bool: ...


def best_source(clip: _Parts) -> str:
    """Return the provider to take where nothing else is asked: the clip's own file where it has one, else ``bundled``."""
    return "precomputed" if clip.has("landmarks") else "bundled"


def fill_missing(landmarks: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return landmarks ``[T, 68, 2]`` with missing frames (NaN) filled linearly in time, ends with the nearest.

    Raises ClipError where no frame has a face.
    """
    points = landmarks.astype(np.float64)
    known = np.flatnonzero(np.isfinite(points).all(axis=(1, 2)))
    if not len(known):
        raise ClipError("no face was found: no frame shows a face, so there is no mouth to go by; leave the clip out")
    flat = points.reshape(len(points), -1)
    times = np.arange(len(points))
    filled = np.stack([np.interp(times, known, column[known]) for column in flat.T], axis=-1)
    return filled.reshape(points.shape)


def fitted(landmarks: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Return landmarks ``[frames, 68, 2]``: a stored file may be a frame longer or shorter than what a video decodes to."""
    whole = np.full((frames, _POINTS, 2), np.nan, np.float32)
    whole[: len(landmarks)] = landmarks[:frames]
    return whole


PRECOMPUTED = Provider("precomputed", Feature("landmarks[precomputed]", _own, reads=frozenset({"landmarks"})))
"""The clip's own landmark file, see :func:`read_landmarks`."""
