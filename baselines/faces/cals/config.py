"""The presets of CALS-style (reconstruction): the frame is the paper's, most of the inside is ASSUMED.

No code of CALS (ICASSP 2024) was published. What is known: an Audio-to-Lip module, pretrained by masked learning, maps
each phone-level audio unit to a contextualised lip motion unit; a Lip-to-Face module draws the face; a discriminative
sync critic has an audio-visual and a visual discriminative term; about 1.2 s of context is best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncbench.baselines.faces.networks import Face, face_from

__all__ = ["Config", "config_from"]


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


def config_from(values: Mapping[str, Any]) -> Config:
    """Return the configuration that a checkpoint's header says."""
    return Config(**{**values, "face": face_from(values["face"])})
