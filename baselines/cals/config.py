"""The presets of CALS-style (reconstruction): the frame is the paper's, most of the inside is ASSUMED.

No code of CALS (ICASSP 2024) was published. What is known: an Audio-to-Lip module, pretrained by masked learning, maps
each phone-level audio unit to a contextualised lip motion unit; a Lip-to-Face module draws the face; a discriminative
sync critic has an audio-visual and a visual discriminative term; about 1.2 s of context is best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncbench.baselines.family import SMALL_FACE, Face, face_from
from syncbench.baselines.stages import EMBEDDED_AUGMENT, EMBEDDED_STAGES, Augment, embedded_stage
from syncbench.baselines.training import Optimisation

__all__ = ["PRESETS", "Config", "Masking", "Recipe", "Weights", "config_from"]


@dataclass(frozen=True, slots=True)
class Config:
    """What the generator is. All of the context network is ASSUMED: no layer is known.

    Attributes:
        face: what is generated, and how wide the networks are: SyncTalkFace's, same authors.
        layers, heads, feed_forward: of the context Transformer. ASSUMED 4, 8, 2048: a common small encoder.
        dropout: ASSUMED 0.1, as in the same laboratory's AV2AV renderer.
        norm_first: layer norm before attention. ASSUMED, since it trains without a tuned warm-up.
        context: frames seen before and after a frame, N of the 2 N + 1 window. 13 is the published best on LRS2
            (by secondary notes; 15 on LRW).
        heard: also feed the frame's own audio token to the decoder, through a linear layer. ASSUMED no: the unit guides
            the face.
        adds: the unit is the frame's own token plus what its context adds, nothing at first. ASSUMED, in the embedded
            preset alone: its tokens are lip units already when the context network begins to learn.
    """

    face: Face = field(default_factory=Face)
    layers: int = 4
    heads: int = 8
    feed_forward: int = 2048
    dropout: float = 0.1
    norm_first: bool = True
    context: int = 13
    heard: bool = False
    adds: bool = False


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
class Recipe:
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
    "context": Optimisation(steps=100_000, batch=40, rate=1e-4, betas=(0.9, 0.999), weight_decay=0.01, warm_up=10_000),
    "joint": Optimisation(steps=100_000, batch=40, rate=1e-4, judge_rate=5e-4),
}

PRESETS: Mapping[str, Recipe] = {
    "paper": Recipe(config=Config(), stages=_LONG),
    # The same laboratory's documented block of AV2AV as the context network: one post-norm layer, one head.
    "minimal": Recipe(config=Config(layers=1, heads=1, feed_forward=1024, norm_first=False), stages=_LONG),
    # ASSUMED throughout: see SyncTalkFace's embedded preset. Window lengths vary, so that one network answers for
    # every context length.
    "embedded": Recipe(
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


def config_from(values: Mapping[str, Any]) -> Config:
    """Return the configuration that a checkpoint's header says."""
    return Config(**{**values, "face": face_from(values["face"])})
