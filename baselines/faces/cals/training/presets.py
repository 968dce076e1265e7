"""How CALS-style (reconstruction) is trained. Most of it is ASSUMED: no code of CALS was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncbench.baselines.faces.cals.config import Config
from syncbench.baselines.faces.networks import SMALL_FACE
from syncbench.baselines.faces.training.augment import Augment
from syncbench.baselines.faces.training.presets import EMBEDDED_AUGMENT, EMBEDDED_STAGES, embedded_stage
from syncbench.baselines.training.optimisation import Cosine, Optimisation

__all__ = ["PRESETS", "Contrast", "Masking", "Preset", "Weights"]


@dataclass(frozen=True, slots=True)
class Masking:
    """Masked pretraining of Audio-to-Lip, all ASSUMED.

    Attributes:
        ratio: share of the frames that is masked. ASSUMED 0.3.
        span: shortest masked span, frames. ASSUMED 5: neighbouring 0.2 s chunks overlap by four fifths, so that single
            masked frames would leak through their neighbours. The mel under a span is masked in every chunk as well.
        unmasked: weight of the frames that are not masked. ASSUMED 0.5.
        window: frames per training window, shortest and longest; drawn anew for each batch.
    """

    ratio: float = 0.3
    span: int = 5
    unmasked: float = 0.5
    window: tuple[int, int] = (27, 27)


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the joint losses. ASSUMED: SyncTalkFace's; ``edges`` and ``focus`` are embedded alone."""

    reconstruction: float = 10.0
    edges: float = 0.0
    focus: float = 0.0
    audio_visual: float = 0.2
    discriminative: float = 0.2
    adversarial: float = 0.2
    lip: float = 0.2


@dataclass(frozen=True, slots=True)
class Contrast:
    """The visual discriminative term: the real windows a generated one must be told from. All ASSUMED.

    Attributes:
        reach: real windows on either side.
        stride: frames between them.
        temperature: of the InfoNCE. ASSUMED 0.07, its usual value.
    """

    reach: int = 13
    stride: int = 1
    temperature: float = 0.07


@dataclass(frozen=True, slots=True)
class Preset:
    """A system and how it is trained, stage by stage (ASSUMED order).

    ``sync`` trains the sync module, ``face`` learns lip units and the face drawn from them, ``context`` pretrains
    Audio-to-Lip with masks, ``joint`` tunes the whole with the critic. The embedded preset begins Audio-to-Lip with
    ``audio``: its audio encoder learns lip units frame by frame.
    """

    config: Config
    stages: Mapping[str, Optimisation]
    masking: Masking = field(default_factory=Masking)
    contrast: Contrast = field(default_factory=Contrast)
    weights: Weights = field(default_factory=Weights)
    augment: Augment = field(default_factory=Augment)


# ASSUMED: SyncTalkFace's optimiser and batch; 100k masked steps of AdamW with 10k of warm-up.
_LONG = {
    "sync": Optimisation(steps=200_000, batch=256, rate=1e-4),
    "face": Optimisation(steps=200_000, batch=40, rate=1e-4, judge_rate=5e-4),
    "context": Optimisation(
        steps=100_000, batch=40, rate=1e-4, betas=(0.9, 0.999), weight_decay=0.01, schedule=Cosine(warm_up=10_000)
    ),
    "joint": Optimisation(steps=100_000, batch=40, rate=1e-4, judge_rate=5e-4),
}

PRESETS: Mapping[str, Preset] = {
    "paper": Preset(config=Config(), stages=_LONG),
    # The same laboratory's documented block of AV2AV as the context network: one post-norm layer, one head.
    "minimal": Preset(config=Config(layers=1, heads=1, feed_forward=1024, norm_first=False), stages=_LONG),
    # ASSUMED throughout: see SyncTalkFace's embedded preset. Window lengths vary, so that one network answers for
    # every context length.
    "embedded": Preset(
        config=Config(face=SMALL_FACE, layers=3, heads=4, feed_forward=384, adds=True),
        stages={
            **EMBEDDED_STAGES,
            "context": embedded_stage(steps=3000, batch=8, rate=7e-4, betas=(0.9, 0.98), weight_decay=0.01),
            "joint": embedded_stage(steps=1500, batch=4, rate=1e-3),
        },
        masking=Masking(window=(5, 70)),
        contrast=Contrast(reach=2, stride=3),
        weights=Weights(edges=10.0, focus=8.0, adversarial=0.0, audio_visual=0.0, discriminative=0.0),
        augment=EMBEDDED_AUGMENT,
    ),
}
