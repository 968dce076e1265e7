"""How the Wav2Lip-type baseline is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncbench.baselines.faces.networks import SMALL_FACE
from syncbench.baselines.faces.training.augment import Augment
from syncbench.baselines.faces.training.presets import EMBEDDED_AUGMENT, EMBEDDED_STAGES, embedded_stage
from syncbench.baselines.faces.wav2lip.config import Config
from syncbench.baselines.training.optimisation import Optimisation

__all__ = ["PRESETS", "Preset", "Weights"]


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the losses. ASSUMED: SyncTalkFace's; ``edges`` and ``focus`` are embedded alone."""

    reconstruction: float = 10.0
    edges: float = 0.0
    focus: float = 0.0
    audio_visual: float = 0.2
    adversarial: float = 0.2


@dataclass(frozen=True, slots=True)
class Preset:
    """A system and how it is trained: ``sync``, then ``joint``; the embedded preset begins with ``face`` and ``audio``.

    ``face`` draws faces from true lips, ``audio`` learns their features from sound without images.
    """

    config: Config
    stages: Mapping[str, Optimisation]
    weights: Weights = field(default_factory=Weights)
    augment: Augment = field(default_factory=Augment)


PRESETS: Mapping[str, Preset] = {
    "paper": Preset(
        config=Config(),
        stages={
            "sync": Optimisation(steps=200_000, batch=256, rate=1e-4),
            "joint": Optimisation(steps=200_000, batch=40, rate=1e-4, judge_rate=5e-4),
        },
    ),
    # ASSUMED throughout: see SyncTalkFace's embedded preset, whose first two stages it shares.
    "embedded": Preset(
        config=Config(face=SMALL_FACE),
        stages={
            **EMBEDDED_STAGES,
            "joint": embedded_stage(steps=1500, batch=4, rate=1e-3),
        },
        weights=Weights(edges=10.0, focus=8.0, adversarial=0.0, audio_visual=0.0),
        augment=EMBEDDED_AUGMENT,
    ),
}
