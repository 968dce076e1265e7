"""LMD and mouth LMD: how far the landmarks of the generated face lie from those of the real one.

Per frame, the mean of the points is taken off both faces, so that a face that merely moved costs nothing; then the
Euclidean distance of each point, averaged over the points. In pixels, as published, which depends on the size of the
crop; and divided by the distance between the real face's outer eye corners, which does not.

Source: ER-NeRF's ``LMDMeter``, after L. Chen et al., "Lip Movements Generation at a Glance" (2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import Direction, Feature, Features, Measurement, ScoreSpec, Task
from syncbench.errors import ClipError
from syncbench.features.frames import SHAPE
from syncbench.features.landmarks import MOUTH, interocular, provider, provider_label, provider_unavailable
from syncbench.metrics._sums import ratio

__all__ = [
    "LandmarkDistance",
    "LandmarkDistanceMeasurement",
    "interocular",
    "landmark_distance",
    "landmark_pairs",
    "mediapipe",
    "precomputed",
]

Landmarks = NDArray[np.floating[Any]]


def landmark_distance(reference: Landmarks, output: Landmarks) -> NDArray[np.float64]:
    """Return the distance of each frame's landmarks, ``[T, P, 2]`` each, in their unit, float64 ``[T]``.

    For all 68 points this is LMD, for points 48..67 mouth LMD. NaN where either face is missing.
    """
    if reference.shape != output.shape:
        raise ValueError(f"landmarks must be of one shape, not {reference.shape} and {output.shape}")
    real, made = reference.astype(np.float64), output.astype(np.float64)
    gap = (real - real.mean(axis=1, keepdims=True)) - (made - made.mean(axis=1, keepdims=True))
    return np.asarray(np.linalg.norm(gap, axis=2).mean(axis=1))


def landmark_pairs(
    feature: Feature, reference: Features, output: Features
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the landmarks of both, cut to the shorter. Raises ClipError where the frames' sizes differ."""
    (_, *real_size), (_, *made_size) = reference[SHAPE].tolist(), output[SHAPE].tolist()
    if real_size != made_size:
        sizes = f"{made_size[1]} x {made_size[0]} pixels, the real video {real_size[1]} x {real_size[0]}"
        raise ClipError(f"{output.clip.id}: the answer is {sizes}: write it at that size")
    real, made = reference[feature], output[feature]
    length = min(len(real), len(made))
    return real[:length], made[:length]


@dataclass(frozen=True)
class LandmarkDistanceMeasurement(Measurement):
    """Sums over the frames in which both faces were found: the corpus score is the mean over those of all clips.

    Attributes:
        frames: frames in which both faces were found.
        missing: frames in which either was not; they do not enter the distances.
        lmd, mouth_lmd: sums of distances, in pixels.
        lmd_eye, mouth_lmd_eye: sums of distances divided by the real face's interocular distance.
    """

    frames: int = 0
    missing: int = 0
    lmd: float = 0.0
    mouth_lmd: float = 0.0
    lmd_eye: float = 0.0
    mouth_lmd_eye: float = 0.0

    def scores(self) -> dict[str, Any]:
        return {
            "lmd": ratio(self.lmd, self.frames),
            "mouth_lmd": ratio(self.mouth_lmd, self.frames),
            "lmd_eye": 100 * ratio(self.lmd_eye, self.frames),
            "mouth_lmd_eye": 100 * ratio(self.mouth_lmd_eye, self.frames),
            "face_missing": 100 * ratio(self.missing, self.frames + np.asarray(self.missing)),
        }


def _spec(name: str, title: str, unit: str, summary: str) -> ScoreSpec:
    direction: Direction = "lower"
    highest = 100.0 if name == "face_missing" else None
    cited = "Chen et al. 2018; ER-NeRF's LMDMeter"
    return ScoreSpec(
        name, title, unit, direction, (0.0, highest), True, cited, summary, digits=2, headline=name == "mouth_lmd"
    )


class LandmarkDistance:
    """LMD and mouth LMD, with landmarks from one provider, which is part of every signature."""

    order = 20
    tasks: frozenset[Task] = frozenset({"talking-face", "dubbing"})
    scores: tuple[ScoreSpec, ...] = (
        _spec("lmd", "LMD", "px", "mean distance of all 68 landmarks"),
        _spec("mouth_lmd", "M-LMD", "px", "mean distance of the 20 mouth landmarks"),
        _spec("lmd_eye", "LMD/eye", "%", "LMD as a share of the distance between the eyes"),
        _spec("mouth_lmd_eye", "M-LMD/eye", "%", "mouth LMD as a share of the distance between the eyes"),
        _spec(
            "face_missing", "No face", "%", "frames in which no face was found, in either video; not in the distances"
        ),
    )
    measurement = LandmarkDistanceMeasurement

    def __init__(self, landmarks: str = "bundled") -> None:
        self.name = "landmark_distance" if landmarks == "bundled" else f"landmark_distance-{landmarks}"
        self.provider = landmarks
        self.on_request = landmarks != "bundled"
        self.features: tuple[Feature, ...] = (provider(landmarks), SHAPE)

    @property
    def settings(self) -> Mapping[str, str]:
        return {"landmarks": provider_label(self.provider), "align": "frame-mean", "interocular": "outer-corners"}

    def unavailable(self) -> str | None:
        return provider_unavailable(self.provider)

    def measure(self, reference: Features | None, output: Features) -> LandmarkDistanceMeasurement:
        if reference is None:
            raise ClipError(f"{output.clip.id}: LMD needs the real video of the same speech")
        real, made = landmark_pairs(self.features[0], reference, output)
        face, mouth, scale = (
            landmark_distance(real, made),
            landmark_distance(real[:, MOUTH], made[:, MOUTH]),
            interocular(real),
        )
        found = np.isfinite(face) & (scale > 0)
        if not found.any():
            raise ClipError(f"{output.clip.id}: no frame shows a face in both videos")
        return LandmarkDistanceMeasurement(
            frames=int(found.sum()),
            missing=int((~found).sum()),
            lmd=float(face[found].sum()),
            mouth_lmd=float(mouth[found].sum()),
            lmd_eye=float((face[found] / scale[found]).sum()),
            mouth_lmd_eye=float((mouth[found] / scale[found]).sum()),
        )

    def curves(self, reference: Features | None, output: Features) -> Mapping[str, NDArray[Any]]:
        """Return mouth LMD of each frame, in pixels, ``[T]``; NaN where a face is missing."""
        if reference is None:
            return {}
        real, made = landmark_pairs(self.features[0], reference, output)
        return {"mouth_lmd": landmark_distance(real[:, MOUTH], made[:, MOUTH])}


def mediapipe() -> LandmarkDistance:
    """Return LMD with MediaPipe's landmarks."""
    return LandmarkDistance("mediapipe")


def precomputed() -> LandmarkDistance:
    """Return LMD with landmarks made elsewhere."""
    return LandmarkDistance("precomputed")
