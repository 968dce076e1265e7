"""The decoded training material of the bundled evaluators: grey face crops, speech, landmarks and words in flat arrays.

Decoding once and mapping the arrays into memory keeps a training step free of codecs. The folder holds::

    frames.npy     uint8 [N, 160, 160], grey, the frames of all clips one after another
    audio.npy      float32 [N * 640], 16 kHz
    landmarks.npy  float32 [N, 68, 2], pixels of the 160x160 frame, NaN where unknown
    starts.npy     int64 [clips + 1], where each clip's frames begin
    clips.json     id, words and speaker of each clip, written last: the folder is whole where it is there
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Clip
from syncbench.errors import CommandError
from syncbench.feature import Features
from syncbench.features.frames import FRAMES
from syncbench.features.landmarks import PRECOMPUTED
from syncbench.features.resize import bilinear
from syncbench.features.speech import SPEECH

__all__ = ["SIDE", "Decoded", "decode", "read_decoded"]

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
    folder: Path

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[slice]:
        """Yield the span of frames of each clip."""
        for a, b in zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True):
            yield slice(a, b)


def decode(clips: Sequence[Clip], cache: Path) -> Decoded:
    """Decode clips into a folder of ``cache`` named after them, once, and map it into memory.

    Raises:
        CommandError: no clip to decode. ClipError: a clip that cannot be read.
    """
    if not clips:
        raise CommandError("there is no clip to train on")
    name = hashlib.sha256("\n".join(f"{c.id} {c.video}" for c in clips).encode()).hexdigest()[:16]
    folder = cache / name
    if not (folder / "clips.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(clips, folder)
    return read_decoded(folder)


def _write(clips: Sequence[Clip], folder: Path) -> None:
    frames, audio, landmarks, lengths = [], [], [], []
    for clip in clips:
        features = Features(clip)
        pictures = features[FRAMES]
        height, width = pictures.shape[1:3]
        frames.append(_grey(pictures))
        audio.append(features[SPEECH])
        points = np.full((len(pictures), 68, 2), np.nan, np.float32)
        if "landmarks" in clip.extras:
            known = features[PRECOMPUTED.feature][: len(points)]
            points[: len(known)] = known * np.array([SIDE / width, SIDE / height], np.float32)
        landmarks.append(points)
        lengths.append(len(pictures))
    np.save(folder / "frames.npy", np.concatenate(frames))
    np.save(folder / "audio.npy", np.concatenate(audio))
    np.save(folder / "landmarks.npy", np.concatenate(landmarks))
    np.save(folder / "starts.npy", np.cumsum([0, *lengths]))
    entries = [{"id": c.id, "text": c.transcript or "", "speaker": c.speaker or c.group} for c in clips]
    (folder / "clips.json").write_text(json.dumps(entries), encoding="utf-8")


def _grey(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return luma, uint8 [T, 160, 160]."""
    small = bilinear(pictures, SIDE, SIDE).astype(np.uint16)
    return ((small[..., 0] * 77 + small[..., 1] * 150 + small[..., 2] * 29) >> 8).astype(np.uint8)


def read_decoded(folder: Path) -> Decoded:
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
        folder=folder,
    )
