"""MediaPipe's face landmarker as a landmark provider: an extra, and a model file the user has."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench import weights
from syncbench.baselines.evaluators.faces import FACE
from syncbench.clip import Frames
from syncbench.errors import Unavailable
from syncbench.faces.crops import cut, frame_square
from syncbench.feature import Feature
from syncbench.features.frames import FOOTAGE
from syncbench.features.landmarks import MESH_68, Provider
from syncbench.media import Footage

__all__ = ["MEDIAPIPE", "find_with_mediapipe"]


def find_with_mediapipe(
    frames: Frames | Footage, model: Path, squares: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Return MediaPipe's landmarks of one face in each frame, float32 ``[T, 68, 2]``, NaN where there is none.

    It is looked for in ``squares`` ``[T, 3]`` (:mod:`syncbench.faces.crops`), or in whole frames: there it is the first one.
    """
    if reason := _mediapipe_missing():
        raise Unavailable(reason)
    mediapipe: Any = importlib.import_module("mediapipe")  # an extra: not there for type checkers either
    tasks: Any = importlib.import_module("mediapipe.tasks.python")
    vision = tasks.vision

    options = vision.FaceLandmarkerOptions(base_options=tasks.BaseOptions(model_asset_path=str(model)), num_faces=1)
    found = np.full((len(frames), 68, 2), np.nan, np.float32)
    whole = frame_square(frames.shape[2], frames.shape[1])
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for number, frame in enumerate(frames):
            square = whole if squares is None else squares[number]
            if not np.isfinite(square).all():
                continue
            inside = (square != whole).any()
            shown, corner = (cut(frame, square), square[:2]) if inside else (frame, np.zeros(2, np.float32))
            picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(shown))
            faces: Sequence[Any] = landmarker.detect(picture).face_landmarks
            if faces:
                mesh = np.array([(faces[0][point].x, faces[0][point].y) for point in MESH_68], np.float32)
                found[number] = mesh * np.array([shown.shape[1], shown.shape[0]], np.float32) + corner
    return found


def _mediapipe_missing() -> str | None:
    if importlib.util.find_spec("mediapipe") is None:
        return "mediapipe is not installed: pip install 'syncbench[mediapipe]'"
    return None


def _unavailable() -> str | None:
    return _mediapipe_missing() or weights.unavailable("face_landmarker")


def _landmarks(footage: Footage, squares: NDArray[np.float32]) -> NDArray[np.float32]:
    return find_with_mediapipe(footage, weights.require("face_landmarker"), squares)


MEDIAPIPE = Provider(
    "mediapipe",
    Feature(
        "landmarks[mediapipe]", _landmarks, needs=(FOOTAGE, FACE), version=2, stored=True,
        weights=weights.lookup("face_landmarker").sha256,
    ),
    _unavailable,
)  # fmt: skip
"""The clip's face in each frame; NaN where it finds none."""
