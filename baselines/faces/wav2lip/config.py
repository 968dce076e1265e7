"""What the Wav2Lip-type generator is: the family's without memory or context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncbench.baselines.faces.networks import Face, face_from

__all__ = ["Config", "config_from"]


@dataclass(frozen=True, slots=True)
class Config:
    """What the generator is.

    Attributes:
        face: what is generated, and how wide the networks are. The paper preset takes SyncTalkFace's 128 pixels and
            widths, so that the three generators differ in what drives the mouth alone; Wav2Lip itself draws 96.
    """

    face: Face = field(default_factory=Face)


def config_from(values: Mapping[str, Any]) -> Config:
    """Return the configuration that a checkpoint's header says."""
    return Config(face=face_from(values["face"]))
