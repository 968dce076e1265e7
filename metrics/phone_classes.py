"""Where lip sync is lost: by the class of the phone that is being said.

A generator may follow the vowels and miss every closure. Lip landmarks and the sync evaluator's distance at zero
offset are averaged separately over bilabials (lips must close), labiodentals (lip to teeth), rounded and open phones.

The field has no standard for this: the scores are SyncBench's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import FPS, Clip, Feature, Features, Measurement, ScoreSpec, Task
from syncbench.datasets.synthetic.articulation import viseme
from syncbench.errors import ClipError
from syncbench.features.frames import SHAPE
from syncbench.features.landmarks import MOUTH, provider, provider_label, provider_unavailable
from syncbench.metrics._phones import clip_phones, phone_frames, phones_unknown
from syncbench.metrics._sums import ratio
from syncbench.metrics.landmark_distance import interocular, landmark_distance, landmark_pairs
from syncbench.metrics.lse import SyncEvaluator, default_evaluator

__all__ = ["CLASSES", "PhoneClasses", "PhoneClassesMeasurement", "frame_classes"]

CLASSES = ("bilabial", "labiodental", "rounded", "open")
_HALF_WINDOW = 2


def frame_classes(clip: Clip, frames: int) -> list[str]:
    """Return the viseme class said in the middle of each frame; empty where no phone is known. Raises ClipError."""
    phones = clip_phones(clip)
    return [viseme(phones[i].symbol) if i >= 0 else "" for i in phone_frames(phones, frames)]


@dataclass(frozen=True)
class PhoneClassesMeasurement(Measurement):
    """Per class: frames with landmarks, their summed mouth distance; windows, their summed sync distance."""

    bilabial_frames: int = 0
    bilabial_lmd: float = 0.0
    bilabial_windows: int = 0
    bilabial_distance: float = 0.0
    labiodental_frames: int = 0
    labiodental_lmd: float = 0.0
    labiodental_windows: int = 0
    labiodental_distance: float = 0.0
    rounded_frames: int = 0
    rounded_lmd: float = 0.0
    rounded_windows: int = 0
    rounded_distance: float = 0.0
    open_frames: int = 0
    open_lmd: float = 0.0
    open_windows: int = 0
    open_distance: float = 0.0

    def scores(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in CLASSES:
            found[f"mouth_lmd_{name}"] = 100 * ratio(getattr(self, f"{name}_lmd"), getattr(self, f"{name}_frames"))
            found[f"sync_distance_{name}"] = ratio(getattr(self, f"{name}_distance"), getattr(self, f"{name}_windows"))
        return found


def _spec(name: str, title: str, unit: str, reference: bool, summary: str) -> ScoreSpec:
    return ScoreSpec(name, title, unit, "lower", (0.0, None), reference, "SyncBench", summary, 2, headline=False)


class PhoneClasses:
    """Mouth LMD and sync distance of bilabials, labiodentals, rounded and open phones."""

    name = "phone_classes"
    tasks: frozenset[Task] = frozenset({"talking-face"})  # not dubbing: when its phones are said is not known
    scores: tuple[ScoreSpec, ...] = tuple(
        spec
        for c in CLASSES
        for spec in (
            _spec(f"mouth_lmd_{c}", f"M-LMD {c}", "%", True, f"mouth LMD as a share of the eyes' distance, {c} phones"),
            _spec(f"sync_distance_{c}", f"Sync dist. {c}", "", False, f"sync distance at zero offset, {c} phones"),
        )
    )
    measurement = PhoneClassesMeasurement

    def __init__(self, evaluator: SyncEvaluator | None = None, landmarks: str = "bundled") -> None:
        self.evaluator = evaluator or default_evaluator()
        self.provider = landmarks
        self.features: tuple[Feature, ...] = (self.evaluator.embeddings, provider(landmarks), SHAPE)

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "evaluator": self.evaluator.name,
            "protocol": self.evaluator.protocol,
            "landmarks": provider_label(self.provider),
            "phones": "truth-or-espeak",
            "fps": str(FPS),
        }

    def unavailable(self) -> str | None:
        return self.evaluator.unavailable() or provider_unavailable(self.provider)

    def unsuited(self, clip: Clip) -> str | None:
        return phones_unknown(clip)

    def measure(self, reference: Features | None, output: Features) -> PhoneClassesMeasurement:
        said = reference.clip if reference is not None else output.clip  # another's speech does not change these lips
        embedded = output[self.evaluator.embeddings]
        video, audio = embedded["video"], embedded["audio"]
        gaps = np.linalg.norm(video - audio, axis=1)
        sums: dict[str, Any] = {}
        classes = frame_classes(said, len(gaps) + 2 * _HALF_WINDOW)
        _add(sums, "windows", "distance", classes[_HALF_WINDOW:], gaps)
        if reference is not None:
            real, made = landmark_pairs(self.features[1], reference, output)
            scaled = landmark_distance(real[:, MOUTH], made[:, MOUTH]) / interocular(real)
            _add(sums, "frames", "lmd", frame_classes(said, len(scaled)), scaled)
        if not any(value for key, value in sums.items() if key.endswith(("_windows", "_frames"))):
            raise ClipError(f"{output.clip.id}: no bilabial, labiodental, rounded or open phone is said in it")
        return PhoneClassesMeasurement(**sums)


def _add(sums: dict[str, Any], count: str, total: str, classes: list[str], values: NDArray[np.floating[Any]]) -> None:
    said = np.array(classes[: len(values)])
    for name in CLASSES:
        chosen = (said == name) & np.isfinite(values)
        sums[f"{name}_{count}"] = int(chosen.sum())
        sums[f"{name}_{total}"] = float(values[chosen].sum())
