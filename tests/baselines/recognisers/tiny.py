"""Recognisers small enough to train in a test."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from syncbench.baselines.recognisers.presets import Preset

__all__ = ["COMPACT", "TINY", "parameters"]

TINY = Preset(
    frontend="resnet", width=2, field=96, stored=24, crop=20, dimension=16, heads=2, hidden=32, kernel=5, blocks=1,
    layers=1, joint=16, scoring=8, dropout=0.0, ctc=0.3,
)  # fmt: skip
COMPACT = replace(TINY, frontend="compact", width=32, field=126, stored=72, crop=64)


def parameters(module: nn.Module) -> int:
    """Return how many numbers a network learns."""
    return sum(p.numel() for p in module.parameters())
