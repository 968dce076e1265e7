"""What SyncTalkFace's generator is: sizes, and what feeds what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from syncbench.baselines.faces.networks import Face, face_from

__all__ = ["Config", "config_from"]


@dataclass(frozen=True, slots=True)
class Config:
    """What the generator is.

    Attributes:
        face: what is generated, and how wide the networks are.
        slots: of the memory; 96 is published.
        radius: scale of the addresses; 16 is published.
        teacher: what the training path feeds to the generator: ``recalled`` lips (released code) or the true ``lip``
            feature (paper).
        store: what recalled lips must equal: the lip ``embedding`` (released code) or the ``lip`` feature (paper, by
            secondary notes).
        dropout: before the fusion; 0.5 is published. The embedded preset's 0.1 is ASSUMED: it trains too briefly.
    """

    face: Face = field(default_factory=Face)
    slots: int = 96
    radius: float = 16.0
    teacher: Literal["recalled", "lip"] = "recalled"
    store: Literal["embedding", "lip"] = "embedding"
    dropout: float = 0.5


def config_from(values: Mapping[str, Any]) -> Config:
    """Return the configuration that a checkpoint's header says."""
    return Config(**{**values, "face": face_from(values["face"])})
