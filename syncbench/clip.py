"""A clip: a face speaking. What datasets give, and, with a system's answer in it, what metrics measure.

Conventions, everywhere:

- frames: uint8 ``[T, H, W, 3]``, RGB, 25 frames per second;
- speech: float32 ``[N]`` in -1..1, 16 kHz mono;
- landmarks: float32 ``[T, 68, 2]``, x and y in pixels, dlib's order, NaN where no face was found;
- times: seconds from the start of the clip.

What is not known of a clip, or was not given, is None: nothing stands in for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FPS",
    "PARTS",
    "SAMPLES_PER_FRAME",
    "SAMPLE_RATE",
    "Clip",
    "Frames",
    "Recording",
    "Target",
    "Waveform",
    "Word",
]

FPS = 25
SAMPLE_RATE = 16_000
SAMPLES_PER_FRAME = SAMPLE_RATE // FPS

Frames = NDArray[np.uint8]
Waveform = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Word:
    """A word and when it is said, in seconds from the start of the clip."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Recording:
    """A stretch of a media file, from ``start`` to ``end`` in seconds; ``end`` None means to the end."""

    path: Path
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What a translation is to say, and in which language (ISO 639-1, such as ``es``)."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Clip:
    """A face speaking: video, speech and words. It opens no file itself: :mod:`syncbench.media` does.

    Attributes:
        id: unique within its dataset, with ``/`` between parts, such as ``s1/bbal6n``.
        video: where the face is seen.
        speech: where it is heard: often the same file.
        speaker: who speaks, as the dataset names them; empty where unknown.
        group: clips that are not independent of each other (one speaker, one source video) share a group;
            bootstrap intervals resample groups. Empty means the clip stands alone.
        transcript: the words said in ``speech``, as the dataset writes them.
        words: the same words with their times, where known.
        target: what a translation of it says.
        voice: another recording of the same speaker.
        extras: further files by part: ``landmarks`` (npz holding the clip's id as a key, ``[T, 68, 2]``, of ``video``),
            ``truth`` (npz of a synthetic clip), ``traces`` (npz that a system left).
        real: False where ``video`` is not the real video of ``speech`` (cross pairing, or none is known): there is then
            no real video to compare with.
        face: which face of ``video`` is meant (:mod:`syncbench.faces.choice`): ``frame`` where the picture is a face crop,
            as many datasets come; ``auto`` looks for it.
        private: no picture of it may be shown: reports then hold its sound and its numbers alone.
    """

    id: str
    video: Recording | None = None
    speech: Recording | None = None
    speaker: str = ""
    group: str = ""
    transcript: str | None = None
    words: tuple[Word, ...] = ()
    target: Target | None = None
    voice: Recording | None = None
    extras: Mapping[str, Path] = field(default_factory=dict[str, Path])
    real: bool = True
    face: str = "auto"
    private: bool = False

    def has(self, part: str) -> bool:
        """Return whether a part (of ``PARTS``) is known."""
        return part in self.extras if part not in _OWN else getattr(self, part) not in (None, (), "auto")

    def only(self, parts: frozenset[str]) -> Clip:
        """Return the clip with nothing but ``parts`` (of ``PARTS``) of what it shows and says."""
        kept: dict[str, Any] = {f.name: f.default for f in fields(self) if f.name in _OWN and f.name not in parts}
        kept["extras"] = {part: path for part, path in self.extras.items() if part in parts}
        return replace(self, **kept)


_OWN = ("video", "face", "speech", "transcript", "words", "target", "voice")
PARTS = frozenset({*_OWN, "landmarks", "truth", "traces"})
"""What a clip may hold, and what tasks, features and metrics name when they say what they read."""
