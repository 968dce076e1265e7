"""Where lip sync is lost: by the class of the phone that is being said.

A generator may follow the vowels and miss every closure. Lip landmarks and the sync evaluator's distance at zero
offset are averaged separately over bilabials (lips must close), labiodentals (lip to teeth), rounded and open phones.

The field has no standard for this: the scores are SyncBench's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench import registry
from syncbench.clip import FPS, Clip
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.evaluators import SyncEvaluator, seen_windows
from syncbench.features.frames import SHAPE
from syncbench.features.landmarks import MOUTH, interocular, mouth_doubt
from syncbench.measurement import Ratios
from syncbench.metric import Measured, Metric, ScoreSpec
from syncbench.metrics.landmark_distance import landmark_distance, landmark_pairs
from syncbench.metrics.lse import default_evaluator
from syncbench.phonetics.alignment import clip_phones, phone_frames, phones_unknown
from syncbench.phonetics.inventory import viseme
from syncbench.task import Task

__all__ = ["CLASSES", "PhoneClasses", "frame_classes"]

CLASSES = ("bilabial", "labiodental", "rounded", "open")
_HALF_WINDOW = 2


def frame_classes(clip: Clip, frames: int) -> list[str]:
    """Return the viseme class said in the middle of each frame; empty where no phone is known. Raises ClipError."""
    phones = clip_phones(clip)
    return [viseme(phones[i].symbol) if i >= 0 else "" for i in phone_frames(phones, frames)]


def _spec(name: str, title: str, unit: str, reference: bool, summary: str) -> ScoreSpec:
    return ScoreSpec(name, title, unit, "lower", (0.0, None), reference, "SyncBench", summary, 2, headline=False)


class PhoneClasses(Metric):
    """Mouth LMD and sync distance of bilabials, labiodentals, rounded and open phones.

    Frames count for mouth LMD, windows for the sync distance. Mouth LMD is withheld as that of
    :class:`syncbench.metrics.landmark_distance.LandmarkDistance` is.
    """

    name = "phone_classes"
    inputs = frozenset({"video", "speech"})
    scores = tuple(
        spec
        for c in CLASSES
        for spec in (
            _spec(f"mouth_lmd_{c}", f"M-LMD {c}", "%", True, f"mouth LMD as a share of the eyes' distance, {c} phones"),
            _spec(f"sync_distance_{c}", f"Sync dist. {c}", "", False, f"sync distance at zero offset, {c} phones"),
        )
    )

    def __init__(self, evaluator: SyncEvaluator | None = None, landmarks: str = "bundled") -> None:
        self.evaluator = evaluator or default_evaluator()
        self.provider = registry.landmarks(landmarks)
        self.features = (self.evaluator.embeddings, self.provider.feature, SHAPE)
        self.settings = {
            "evaluator": self.evaluator.label,
            "protocol": self.evaluator.protocol,
            **self.provider.settings,
            "phones": "truth-or-espeak",
            "fps": str(FPS),
            **({"limits": self.evaluator.limits} if self.evaluator.limits else {}),
        }

    def applies(self, task: Task) -> bool:
        """Only where the speech is given: when its phones are said is known of no other."""
        return super().applies(task) and "speech" not in task.answered

    def unavailable(self) -> str | None:
        return self.evaluator.unavailable() or self.provider.unavailable()

    def unsuited(self, clip: Clip) -> str | None:
        return phones_unknown(clip)

    def measure(self, reference: Features, output: Features) -> Measured:
        said = reference.clip  # another's speech does not change these lips
        embedded = output[self.evaluator.embeddings]
        gaps = np.linalg.norm(embedded["video"] - embedded["audio"], axis=1)
        gaps = np.where(seen_windows(embedded), gaps, np.nan)
        classes = frame_classes(said, len(gaps) + 2 * _HALF_WINDOW)
        pairs = _by_class("sync_distance", classes[_HALF_WINDOW:], gaps)
        withheld: dict[str, str] = {}
        if said.has("video") and (doubt := mouth_doubt(self.provider, reference)):
            withheld = {f"mouth_lmd_{name}": doubt for name in CLASSES}
        elif said.has("video"):
            real, made = landmark_pairs(self.provider.feature, reference, output)
            scaled = 100 * landmark_distance(real[:, MOUTH], made[:, MOUTH]) / interocular(real)
            pairs |= _by_class("mouth_lmd", frame_classes(said, len(scaled)), scaled)
        if not any(count for _, count in pairs.values()):
            raise ClipError("no bilabial, labiodental, rounded or open phone is said in it")
        return Measured(Ratios(pairs), withheld=withheld)


def _by_class(score: str, classes: list[str], values: NDArray[np.floating[Any]]) -> dict[str, tuple[float, int]]:
    """Return the sum and the count of the values in each class, by the score's name."""
    said = np.array(classes[: len(values)])
    chosen = {name: (said == name) & np.isfinite(values) for name in CLASSES}
    return {f"{score}_{name}": (float(values[own].sum()), int(own.sum())) for name, own in chosen.items()}
