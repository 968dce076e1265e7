"""LMD and mouth LMD: how far the landmarks of the generated face lie from those of the real one.

Per frame, the mean of the points is taken off both faces, so that a face that merely moved costs nothing; then the
Euclidean distance of each point, averaged over the points. In pixels, as published, which depends on the size of the
crop; and divided by the distance between the real face's outer eye corners, which does not.

Source: ER-NeRF's ``LMDMeter``, after L. Chen et al., "Lip Movements Generation at a Glance" (2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench import registry
from syncbench.errors import ClipError
from syncbench.feature import Feature, Features
from syncbench.features.frames import SHAPE
from syncbench.features.landmarks import MOUTH, interocular, mouth_doubt
from syncbench.measurement import Ratios
from syncbench.metric import Measured, Metric, ScoreSpec

__all__ = ["LandmarkDistance", "landmark_distance", "landmark_pairs", "mediapipe", "precomputed"]

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
        raise ClipError(f"the answer is {sizes}: write it at that size")
    real, made = reference[feature], output[feature]
    length = min(len(real), len(made))
    return real[:length], made[:length]


def _spec(name: str, title: str, unit: str, summary: str) -> ScoreSpec:
    highest = 100.0 if name == "face_missing" else None
    cited = "Chen et al. 2018; ER-NeRF's LMDMeter"
    return ScoreSpec(
        name, title, unit, "lower", (0.0, highest), True, cited, summary, digits=2, headline=name == "mouth_lmd"
    )


class LandmarkDistance(Metric):
    """LMD and mouth LMD, with landmarks from one provider, which is part of every signature.

    Frames count in which both faces were found; the corpus score is the mean over those of all clips. Distances are
    withheld for clips on whose real video the landmarks are not known to follow the mouth
    (:func:`syncbench.features.landmarks.mouth_doubt`).
    """

    inputs = frozenset({"video"})
    order = 20
    scores = (
        _spec("lmd", "LMD", "px", "mean distance of all 68 landmarks"),
        _spec("mouth_lmd", "M-LMD", "px", "mean distance of the 20 mouth landmarks"),
        _spec("lmd_eye", "LMD/eye", "%", "LMD as a share of the distance between the eyes"),
        _spec("mouth_lmd_eye", "M-LMD/eye", "%", "mouth LMD as a share of the distance between the eyes"),
        _spec(
            "face_missing", "No face", "%", "frames in which no face was found, in either video; not in the distances"
        ),
    )

    def __init__(self, landmarks: str = "bundled") -> None:
        self.name = "landmark_distance" if landmarks == "bundled" else f"landmark_distance-{landmarks}"
        self.provider = registry.landmarks(landmarks)
        self.on_request = landmarks != "bundled"
        self.features = (self.provider.feature, SHAPE)
        self.settings = {**self.provider.settings, "align": "frame-mean", "interocular": "outer-corners"}

    def unavailable(self) -> str | None:
        return self.provider.unavailable()

    def measure(self, reference: Features, output: Features) -> Measured:
        real, made = landmark_pairs(self.provider.feature, reference, output)
        face, mouth = landmark_distance(real, made), landmark_distance(real[:, MOUTH], made[:, MOUTH])
        scale = interocular(real)
        found = np.isfinite(face) & (scale > 0)
        if not found.any():
            raise ClipError("no frame shows a face in both videos")
        eyes = scale[found]
        values = {
            "lmd": face[found],
            "mouth_lmd": mouth[found],
            "lmd_eye": 100 * face[found] / eyes,
            "mouth_lmd_eye": 100 * mouth[found] / eyes,
            "face_missing": 100 * ~found,
        }
        doubt = mouth_doubt(self.provider, reference)
        withheld = {name: doubt for name in values if doubt and name != "face_missing"}
        means = {name: (float(row.sum()), len(row)) for name, row in values.items() if name not in withheld}
        return Measured(Ratios(means, measured=len(eyes)), {"mouth_lmd": mouth}, withheld)


def mediapipe() -> LandmarkDistance:
    """Return LMD with MediaPipe's landmarks."""
    return LandmarkDistance("mediapipe")


def precomputed() -> LandmarkDistance:
    """Return LMD with landmarks made elsewhere."""
    return LandmarkDistance("precomputed")
