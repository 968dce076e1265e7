"""The decoded training material of the bundled evaluators: grey face crops, speech, landmarks and words in flat arrays.

Decoding once and mapping the arrays into memory keeps a training step free of codecs. The folder holds::

    frames.npy     uint8 [N, 160, 160], grey, the frames of all clips one after another
    audio.npy      float32 [N * 640], 16 kHz
    landmarks.npy  float32 [N, 68, 2], pixels of the 160x160 frame, NaN where unknown
    starts.npy     int64 [clips + 1], where each clip's frames begin
    clips.json     id, words and speaker of each clip
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIDE", "Decoded", "load"]

SIDE = 160


@dataclass(frozen=True)
class Decoded:
    """Clips in flat arrays; ``starts[k]:starts[k + 1]`` are the frames of clip ``k``."""

    frames: NDArray[np.uint8]
    audio: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    starts: NDArray[np.int64]
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    speakers: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


def load(folder: Path) -> Decoded:
    """Map decoded material into memory."""
    entries: Sequence[dict[str, Any]] = json.loads((folder / "clips.json").read_text(encoding="utf-8"))
    return Decoded(
        frames=np.load(folder / "frames.npy", mmap_mode="r"),
        audio=np.load(folder / "audio.npy", mmap_mode="r"),
        landmarks=np.load(folder / "landmarks.npy", mmap_mode="r"),
        starts=np.load(folder / "starts.npy"),
        ids=tuple(e["id"] for e in entries),
        texts=tuple(e["text"] for e in entries),
        speakers=tuple(e["speaker"] for e in entries),
    )
