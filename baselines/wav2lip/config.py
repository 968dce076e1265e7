"""The presets of the Wav2Lip-type baseline: the family's generator without memory or context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncbench.baselines.family import SMALL_FACE, Face, face_from
from syncbench.baselines.stages import EMBEDDED_AUGMENT, EMBEDDED_STAGES, Augment, embedded_stage
from syncbench.baselines.training import Optimisation

__all__ = ["PRESETS", "Config", "Recipe", "Weights", "config_from"]


@dataclass(frozen=True, slots=True)
class Config:
    """What the generator is.

    Attributes:
        face: what is generated, and how wide the networks are. The paper preset takes SyncTalkFace's 128 pixels and
            widths, so that the three generators differ in what drives the mouth alone; Wav2Lip itself draws 96.
    """

    face: Face = field(default_factory=Face)


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the losses. ASSUMED: SyncTalkFace's; ``edges`` and ``focus`` are embedded alone."""

    reconstruction: float = 10.0
    edges: float = 0.0
    focus: float = 0.0
    audio_visual: float = 0.2
    adversarial: float = 0.2


@dataclass(frozen=True, slots=True)
class Recipe:
    """A system and how it is trained: ``sync``, then ``joint``; the embedded preset begins with ``face`` and ``audio``.

    ``face`` draws faces from true lips, ``audio`` learns their features from sound without images.
    """

    config: Config
    stages: Mapping[str, Optimisation]
    weights: Weights = field(default_factory=Weights)
    augment: Augment = field(default_factory=Augment)


PRESETS: Mapping[str, Recipe] = {
    "paper": Recipe(
        config=Config(),
        stages={
            "sync": Optimisation(steps=200_000, batch=256, rate=1e-4),
            "joint": Optimisation(steps=200_000, batch=40, rate=1e-4, judge_rate=5e-4),
        },
    ),
    # ASSUMED throughout: see SyncTalkFace's embedded preset, whose first two stages it shares.
    "embedded": Recipe(
        config=Config(face=SMALL_FACE),
        stages={
            **EMBEDDED_STAGES,
            "joint": embedded_stage(steps=1500, batch=4, rate=1e-3),
        },
        weights=Weights(edges=10.0, focus=8.0, adversarial=0.0, audio_visual=0.0),
        augment=EMBEDDED_AUGMENT,
    ),
}


def config_from(values: Mapping[str, Any]) -> Config:
    """Return the configuration that a checkpoint's header says."""
    return Config(face=face_from(values["face"]))
