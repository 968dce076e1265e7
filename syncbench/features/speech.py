"""Speech of a clip, as long as its video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from syncbench.contracts import Clip, Feature, Speech

__all__ = ["SPEECH", "SpeechFeature"]


@dataclass(frozen=True)
class SpeechFeature:
    """The clip's speech, float32 ``[T * 640]`` in -1..1, 16 kHz, cut or padded with zeros to its T frames.

    The video is counted anew rather than taken from its frames, so that clips without video have speech too.
    """

    name: str = "speech"
    version: int = 1
    weights: str = ""
    needs: tuple[Feature, ...] = ()
    stored: bool = False

    def compute(self, clip: Clip, *needs: Any) -> Speech:
        return clip.speech()


SPEECH = SpeechFeature()
