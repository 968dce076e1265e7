"""Landmarks of a clip's face, float32 ``[T, 68, 2]`` in dlib's order, from one of several providers.

Values from different providers differ, so whoever uses landmarks names the provider in its settings.

- ``bundled``: the landmark network that ships with SyncBench;
- ``mediapipe``: MediaPipe's face landmarker, from the ``mediapipe`` extra and a model file (``syncbench weights``);
- ``precomputed``: the clip's own landmark file (``Clip.extras["landmarks"]``), made elsewhere.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench import weights
from syncbench.contracts import Clip, Feature, Frames
from syncbench.errors import ClipError, Unavailable, unknown_name
from syncbench.features.frames import FRAMES

__all__ = [
    "INNER_LIPS",
    "LEFT_EYE",
    "MEDIAPIPE",
    "MOUTH",
    "PRECOMPUTED",
    "RIGHT_EYE",
    "MediaPipeLandmarks",
    "PrecomputedLandmarks",
    "interocular",
    "mouth_opening",
    "provider",
    "provider_label",
    "provider_unavailable",
    "read_landmarks",
]

MOUTH = slice(48, 68)
INNER_LIPS = slice(60, 68)
RIGHT_EYE = slice(36, 42)  # the speaker's right, on the left of the picture
LEFT_EYE = slice(42, 48)

_UPPER, _LOWER = (61, 62, 63), (67, 66, 65)  # facing pairs of the inner lips
_POINTS = 68
_SUBPIXELS = 64  # integer files count 64ths of a pixel
_ABSENT = -64  # both coordinates, where no face was found

# MediaPipe's mesh points that stand for dlib's 68.
_MESH = (
    127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356,  # jaw
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # brows
    168, 197, 5, 4, 75, 97, 2, 326, 305,  # nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,  # outer lips
    78, 82, 13, 312, 308, 317, 14, 87,  # inner lips
)  # fmt: skip


def interocular(landmarks: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the distance between the outer eye corners (points 36 and 45) of each frame, float64 ``[T]``."""
    return np.asarray(np.linalg.norm(landmarks[:, 36].astype(np.float64) - landmarks[:, 45], axis=1))


def mouth_opening(landmarks: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return how far the mouth is open in each frame of landmarks ``[T, 68, 2]``, float64 ``[T]``.

    Mean distance of the inner lips' three facing pairs, divided by the clip's median interocular distance, so that the
    jitter of the eyes' landmarks does not enter. NaN where the face is missing.
    """
    gaps = np.linalg.norm(landmarks[:, _UPPER].astype(np.float64) - landmarks[:, _LOWER], axis=2)
    eyes = interocular(landmarks)
    known = eyes[np.isfinite(eyes) & (eyes > 0)]
    return np.asarray(gaps.mean(axis=1) / (np.median(known) if len(known) else np.nan))


@dataclass(frozen=True)
class PrecomputedLandmarks:
    """Landmarks from the clip's own file, see :func:`read_landmarks`."""

    name: str = "landmarks[precomputed]"
    version: int = 1
    weights: str = ""
    needs: tuple[Feature, ...] = ()
    stored: bool = False

    def compute(self, clip: Clip, *needs: Any) -> NDArray[np.float32]:
        path = clip.extras.get("landmarks")
        if path is None:
            raise ClipError(f"{clip.id}: there is no landmark file for this video; use another landmark provider")
        return read_landmarks(path, clip.id)


PRECOMPUTED = PrecomputedLandmarks()


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


@dataclass(frozen=True)
class MediaPipeLandmarks:
    """Landmarks by MediaPipe's face landmarker, frame by frame; NaN where it finds no face."""

    name: str = "landmarks[mediapipe]"
    version: int = 1
    weights: str = weights.lookup("face_landmarker").sha256
    needs: tuple[Feature, ...] = (FRAMES,)
    stored: bool = True

    def compute(self, clip: Clip, *needs: Any) -> NDArray[np.float32]:
        (frames,) = needs
        return find_with_mediapipe(frames, weights.require("face_landmarker"))


MEDIAPIPE = MediaPipeLandmarks()


def find_with_mediapipe(frames: Frames, model: Path) -> NDArray[np.float32]:
    """Return MediaPipe's landmarks of the first face in each frame, float32 ``[T, 68, 2]``, NaN where there is none."""
    if reason := _mediapipe_missing():
        raise Unavailable(reason)
    mediapipe: Any = importlib.import_module("mediapipe")  # an extra: not there for type checkers either
    tasks: Any = importlib.import_module("mediapipe.tasks.python")
    vision = tasks.vision

    options = vision.FaceLandmarkerOptions(base_options=tasks.BaseOptions(model_asset_path=str(model)), num_faces=1)
    found = np.full((len(frames), _POINTS, 2), np.nan, np.float32)
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for number, frame in enumerate(frames):
            picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(frame))
            faces: Sequence[Any] = landmarker.detect(picture).face_landmarks
            if faces:
                mesh = np.array([(faces[0][point].x, faces[0][point].y) for point in _MESH], np.float32)
                found[number] = mesh * np.array([frame.shape[1], frame.shape[0]], np.float32)
    return found


def _mediapipe_missing() -> str | None:
    if importlib.util.find_spec("mediapipe") is None:
        return "mediapipe is not installed: pip install 'syncbench[mediapipe]'"
    return None


_PROVIDERS = ("bundled", "mediapipe", "precomputed")


def provider(name: str) -> Feature:
    """Return the landmark feature of a provider. Raises CommandError for an unknown one."""
    if name == "bundled":
        from syncbench.baselines.landmarks import LANDMARKS

        return LANDMARKS
    if name == "mediapipe":
        return MEDIAPIPE
    if name == "precomputed":
        return PRECOMPUTED
    raise unknown_name("landmark provider", name, _PROVIDERS)


def provider_label(name: str) -> str:
    """Return what a signature says of a provider, such as ``mediapipe@64184e22``."""
    digest = provider(name).weights
    return f"{name}@{digest[:8]}" if digest else name


def provider_unavailable(name: str) -> str | None:
    """Return None, or one line: what a provider lacks and the command that gets it."""
    return (_mediapipe_missing() or weights.unavailable("face_landmarker")) if name == "mediapipe" else None
