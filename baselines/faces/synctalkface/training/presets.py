"""How SyncTalkFace is trained: the published system, and the small one that is shipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncbench.baselines.faces.networks import SMALL_FACE
from syncbench.baselines.faces.synctalkface.config import Config
from syncbench.baselines.faces.training.augment import Augment
from syncbench.baselines.faces.training.presets import EMBEDDED_AUGMENT, EMBEDDED_STAGES, embedded_stage
from syncbench.baselines.training.optimisation import Optimisation

__all__ = ["PRESETS", "Preset", "Weights"]


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the losses: the released code's. ``edges`` and ``focus`` (the mouth) are ASSUMED, embedded alone."""

    reconstruction: float = 10.0
    edges: float = 0.0
    focus: float = 0.0
    audio_visual: float = 0.2
    visual: float = 0.2
    adversarial: float = 0.2
    memory: float = 0.2


@dataclass(frozen=True, slots=True)
class Preset:
    """A system and how it is trained: stages in order, each with its optimisation.

    ``sync`` trains the sync module, ``face`` draws faces from true lips, ``audio`` learns their features from sound,
    ``memory`` fills the memory without images, ``joint`` trains the whole with the published losses.
    """

    config: Config
    stages: Mapping[str, Optimisation]
    weights: Weights = field(default_factory=Weights)
    augment: Augment = field(default_factory=Augment)
    frames: int = 5


PRESETS: Mapping[str, Preset] = {
    # ASSUMED steps: 200k for the generator, and as many as it takes for a validation BCE below 0.25 for the sync
    # module (Wav2Lip's guidance); neither number of epochs is recovered. The sync losses act from step 0.
    "paper": Preset(
        config=Config(),
        stages={
            "sync": Optimisation(steps=200_000, batch=256, rate=1e-4),
            "joint": Optimisation(steps=200_000, batch=40, rate=1e-4, judge_rate=5e-4),
        },
    ),
    # ASSUMED throughout: the published classes at a quarter of the width on a 64-pixel square around the mouth, trained
    # for an hour on a CPU core. The face is first learned from true lips and the memory without images, since that
    # costs a fraction of the joint training. Longer memory training, or the other generators' joint rate, leaves two slots
    # in use: recalled lips then no longer match the seen ones (held-out store loss 0.2 to 0.8).
    "embedded": Preset(
        config=Config(face=SMALL_FACE, slots=96, dropout=0.1),
        stages={
            **EMBEDDED_STAGES,
            "memory": embedded_stage(steps=400, batch=64, rate=5e-4),
            "joint": embedded_stage(steps=1000, batch=4, rate=3e-4),
        },
        weights=Weights(edges=10.0, focus=8.0, adversarial=0.0, audio_visual=0.0),
        augment=EMBEDDED_AUGMENT,
    ),
}
