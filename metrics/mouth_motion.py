"""How much, and how smoothly, the generated mouth moves, beside the real one.

The opening of the mouth is the mean distance between the three facing pairs of inner-lip landmarks, in interocular
distances. Its velocity says how much the mouth moves, its jerk (third derivative) how much it trembles. A ratio of 1 is
the motion of the real speaker; a frozen face has 0, a flickering one a jerk ratio far above 1.

The field has no standard for mouth motion: these scores are SyncBench's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import FPS, Feature, Features, Measurement, ScoreSpec, Task
from syncbench.errors import ClipError
from syncbench.features.frames import SHAPE
from syncbench.features.landmarks import mouth_opening, provider, provider_label, provider_unavailable
from syncbench.metrics._sums import ratio
from syncbench.metrics.landmark_distance import landmark_pairs

__all__ = ["MouthMotion", "MouthMotionMeasurement", "derivative", "mediapipe", "mouth_opening", "precomputed"]


def derivative(opening: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return the ``order``-th derivative of a curve at 25 fps, per second to that power, float64 ``[T - order]``."""
    return np.asarray(np.diff(opening, order) * float(FPS) ** order)


@dataclass(frozen=True)
class MouthMotionMeasurement(Measurement):
    """Sums of absolute derivatives over the frames in which both mouths are known, in interocular distances."""

    velocities: int = 0
    velocity: float = 0.0
    reference_velocity: float = 0.0
    jerks: int = 0
    jerk: float = 0.0
    reference_jerk: float = 0.0

    def scores(self) -> dict[str, Any]:
        return {
            "mouth_velocity": ratio(self.velocity, self.velocities),
            "mouth_velocity_ratio": ratio(self.velocity, self.reference_velocity),
            "mouth_jerk": ratio(self.jerk, self.jerks),
            "mouth_jerk_ratio": ratio(self.jerk, self.reference_jerk),
        }


def _spec(name: str, title: str, unit: str, summary: str) -> ScoreSpec:
    headline = name == "mouth_velocity_ratio"
    return ScoreSpec(name, title, unit, "none", (0.0, None), True, "SyncBench", summary, headline=headline)


class MouthMotion:
    """Velocity and jerk of the mouth's opening, and their ratios to the real video's."""

    order = 30
    tasks: frozenset[Task] = frozenset({"talking-face", "dubbing"})
    scores: tuple[ScoreSpec, ...] = (
        _spec(
            "mouth_velocity", "Mouth velocity", "eye/s", "mean speed of opening and closing, in interocular distances"
        ),
        _spec("mouth_velocity_ratio", "Velocity ratio", "", "that speed over the real video's; 1 is the real amount"),
        _spec("mouth_jerk", "Mouth jerk", "eye/s^3", "mean absolute third derivative of the opening"),
        _spec("mouth_jerk_ratio", "Jerk ratio", "", "that jerk over the real video's; above 1 the mouth trembles"),
    )
    measurement = MouthMotionMeasurement

    def __init__(self, landmarks: str = "bundled") -> None:
        self.name = "mouth_motion" if landmarks == "bundled" else f"mouth_motion-{landmarks}"
        self.provider = landmarks
        self.on_request = landmarks != "bundled"
        self.features: tuple[Feature, ...] = (provider(landmarks), SHAPE)

    @property
    def settings(self) -> Mapping[str, str]:
        return {"landmarks": provider_label(self.provider), "fps": str(FPS)}

    def unavailable(self) -> str | None:
        return provider_unavailable(self.provider)

    def measure(self, reference: Features | None, output: Features) -> MouthMotionMeasurement:
        if reference is None:
            raise ClipError(f"{output.clip.id}: mouth motion is told beside the real video of the same speech")
        real, made = (mouth_opening(points) for points in landmark_pairs(self.features[0], reference, output))
        velocities, reference_velocity, velocity = _compared(real, made, 1)
        jerks, reference_jerk, jerk = _compared(real, made, 3)
        if not jerks:
            raise ClipError(f"{output.clip.id}: no four frames in a row show a face in both videos")
        return MouthMotionMeasurement(velocities, velocity, reference_velocity, jerks, jerk, reference_jerk)

    def curves(self, reference: Features | None, output: Features) -> Mapping[str, NDArray[Any]]:
        """Return how far both mouths are open in each frame, ``[T]``, in interocular distances."""
        if reference is None:
            return {}
        real, made = landmark_pairs(self.features[0], reference, output)
        return {"opening": mouth_opening(made), "opening_reference": mouth_opening(real)}


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
