"""How much, and how smoothly, the generated mouth moves, beside the real one.

The opening of the mouth is the mean distance between the three facing pairs of inner-lip landmarks, in interocular
distances. Its velocity says how much the mouth moves, its jerk (third derivative) how much it trembles. A ratio of 1 is
the motion of the real speaker; a frozen face has 0, a flickering one a jerk ratio far above 1.

The field has no standard for mouth motion: these scores are SyncBench's own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench import registry
from syncbench.clip import FPS
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.frames import SHAPE
from syncbench.features.landmarks import mouth_doubt, mouth_opening
from syncbench.measurement import Ratios
from syncbench.metric import Measured, Metric, ScoreSpec
from syncbench.metrics.landmark_distance import landmark_pairs

__all__ = ["MouthMotion", "derivative", "mediapipe", "precomputed"]


def derivative(opening: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return the ``order``-th derivative of a curve at 25 fps, per second to that power, float64 ``[T - order]``."""
    return np.asarray(np.diff(opening, order) * float(FPS) ** order)


def _spec(name: str, title: str, unit: str, summary: str) -> ScoreSpec:
    headline = name == "mouth_velocity_ratio"
    return ScoreSpec(name, title, unit, "none", (0.0, None), True, "SyncBench", summary, headline=headline)


class MouthMotion(Metric):
    """Velocity and jerk of the mouth's opening, and their ratios to the real video's.

    Frames count in which both mouths are known; corpus scores are means of absolute derivatives over them. They are
    withheld for clips on whose real video the landmarks are not known to follow the mouth
    (:func:`syncbench.features.landmarks.mouth_doubt`).
    """

    inputs = frozenset({"video"})
    order = 30
    scores = (
        _spec(
            "mouth_velocity", "Mouth velocity", "eye/s", "mean speed of opening and closing, in interocular distances"
        ),
        _spec("mouth_velocity_ratio", "Velocity ratio", "", "that speed over the real video's; 1 is the real amount"),
        _spec("mouth_jerk", "Mouth jerk", "eye/s^3", "mean absolute third derivative of the opening"),
        _spec("mouth_jerk_ratio", "Jerk ratio", "", "that jerk over the real video's; above 1 the mouth trembles"),
    )

    def __init__(self, landmarks: str = "bundled") -> None:
        self.name = "mouth_motion" if landmarks == "bundled" else f"mouth_motion-{landmarks}"
        self.provider = registry.landmarks(landmarks)
        self.on_request = landmarks != "bundled"
        self.features = (self.provider.feature, SHAPE)
        self.settings = {**self.provider.settings, "fps": str(FPS)}

    def unavailable(self) -> str | None:
        return self.provider.unavailable()

    def measure(self, reference: Features, output: Features) -> Measured:
        real, made = (mouth_opening(points) for points in landmark_pairs(self.provider.feature, reference, output))
        velocities, real_velocity, velocity = _compared(real, made, 1)
        jerks, real_jerk, jerk = _compared(real, made, 3)
        if not jerks:
            raise ClipError("no four frames in a row show a face in both videos")
        pairs = {
            "mouth_velocity": (velocity, velocities),
            "mouth_velocity_ratio": (velocity, real_velocity),
            "mouth_jerk": (jerk, jerks),
            "mouth_jerk_ratio": (jerk, real_jerk),
        }
        doubt = mouth_doubt(self.provider, reference)
        withheld = dict.fromkeys(pairs, doubt) if doubt else {}
        ratios = Ratios({} if doubt else pairs, measured=int((np.isfinite(real) & np.isfinite(made)).sum()))
        return Measured(ratios, {"opening": made, "opening_reference": real}, withheld)


def mediapipe() -> MouthMotion:
    """Return mouth motion with MediaPipe's landmarks."""
    return MouthMotion("mediapipe")


def precomputed() -> MouthMotion:
    """Return mouth motion with landmarks made elsewhere."""
    return MouthMotion("precomputed")


def _compared(real: NDArray[np.float64], made: NDArray[np.float64], order: int) -> tuple[int, float, float]:
    """Return how many derivatives both curves have, and the sums of their absolute values, real and made."""
    a, b = np.abs(derivative(real, order)), np.abs(derivative(made, order))
    both = np.isfinite(a) & np.isfinite(b)
    return int(both.sum()), float(a[both].sum()), float(b[both].sum())
