"""Sizes of the recognisers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["EMBEDDED", "PAPER", "PRESETS", "Preset"]


@dataclass(frozen=True, slots=True)
class Preset:
    """Sizes of one recogniser.

    Attributes:
        frontend: ``resnet``: the published ResNet-18 of each stream, on pixels and samples; ``compact``: the bundled sync
            expert's video trunk and a small convolutional network on log-mel bands, a fiftieth of the cost.
        width: channels of the front ends' first stage; features have eight times as many.
        field: side of the mouth square on the canonical face, in its pixels.
        stored, crop: sides of the mouth as cut out and as the network sees it (random or centre crop), in pixels.
        dimension, heads, hidden, kernel, blocks: of the Conformer encoder.
        layers: of the Transformer decoder.
        joint: hidden units that join two encoders.
        scoring: hidden channels of the reliability scoring.
        dropout: everywhere.
        ctc: weight of the CTC loss in training.
    """

    frontend: Literal["resnet", "compact"]
    width: int
    field: int
    stored: int
    crop: int
    dimension: int
    heads: int
    hidden: int
    kernel: int
    blocks: int
    layers: int
    joint: int
    scoring: int
    dropout: float = 0.1
    ctc: float = 0.1

    @property
    def features(self) -> int:
        """Channels of each stream's features."""
        return 8 * self.width


PAPER = Preset(
    frontend="resnet",
    width=64,
    field=96,
    stored=96,
    crop=88,
    dimension=256,
    heads=4,
    hidden=2048,
    kernel=31,
    blocks=12,
    layers=6,
    joint=1024,
    scoring=1024,
)

EMBEDDED = Preset(
    frontend="compact",
    width=32,
    field=126,
    stored=72,
    crop=64,
    dimension=128,
    heads=4,
    hidden=512,
    kernel=15,
    blocks=3,
    layers=2,
    joint=256,
    scoring=256,
    ctc=0.3,
)

PRESETS = {"paper": PAPER, "embedded": EMBEDDED}
