"""Talking faces prepared for training: every clip's face squares and mel, in a folder, read as they are needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from syncbench.baselines.faces.mel import CHUNK, STEPS_PER_SECOND, chunk_start, mel_spectrogram
from syncbench.baselines.faces.networks import Face
from syncbench.baselines.faces.squares import crop, find_boxes
from syncbench.baselines.faces.talking_face import face_landmarks
from syncbench.clip import FPS, Clip
from syncbench.errors import ClipError, CommandError
from syncbench.feature import Features
from syncbench.features.frames import FRAMES
from syncbench.features.speech import SPEECH

__all__ = ["Corpus", "prepare"]


@dataclass(frozen=True)
class Corpus:
    """Clips laid end to end.

    Attributes:
        pixels: uint8 ``[frames, size, size, 3]``.
        mel: float32 ``[steps, 80]``.
        frame_starts, mel_starts: int64 ``[clips + 1]``, where each clip begins.
    """

    pixels: NDArray[np.uint8]
    mel: NDArray[np.float32]
    frame_starts: NDArray[np.int64]
    mel_starts: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Frames per clip."""
        return np.diff(self.frame_starts)

    def split(self, every: int = 32) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the clips to train on and those held out: each ``every``-th, at least one of two."""
        clips = np.arange(len(self.lengths))
        held = clips % every == every - 1
        if not held.any():
            held[-1] = len(clips) > 1
        return clips[~held], clips[held]

    def draw(self, rng: np.random.Generator, among: NDArray[np.int64], count: int, frames: int) -> NDArray[np.int64]:
        """Return ``count`` random windows of ``frames`` frames, int64 ``[count, 2]``: clip and first frame.

        Clips are drawn by length; the window and two frames around it lie within the clip.
        """
        room = np.maximum(self.lengths[among] - frames - 4, 0)
        if room.sum() == 0:
            raise CommandError(f"no clip is longer than {frames + 4} frames: training needs longer clips")
        chosen = rng.choice(len(among), size=count, p=room / room.sum())
        first = 2 + rng.integers(0, room[chosen] + 1)
        return np.stack([among[chosen], first], axis=1)

    def frames(self, windows: NDArray[np.int64], before: int, after: int) -> NDArray[np.int64]:
        """Return the places in ``pixels`` of ``before..after`` around each window's first frame, kept in the clip."""
        offsets = windows[:, 1:] + np.arange(before, after)
        bounded = np.clip(offsets, 0, self.lengths[windows[:, 0]][:, None] - 1)
        return np.asarray(self.frame_starts[windows[:, 0]][:, None] + bounded)

    def chunks(self, windows: NDArray[np.int64], before: int, after: int) -> NDArray[np.float32]:
        """Return the per-frame mel chunks of the same frames, float32 ``[B, after - before, 80, 16]``."""
        starts = np.vectorize(chunk_start, otypes=[np.int64])(windows[:, 1:] + np.arange(before, after))
        return self._mel(windows[:, 0], starts)

    def sync_chunks(self, windows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the chunk that a window of five frames sounds like, float32 ``[B, 80, 16]``."""
        starts = (windows[:, 1:] * (STEPS_PER_SECOND / FPS)).astype(np.int64)
        return self._mel(windows[:, 0], starts)[:, 0]

    def _mel(self, clips: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.float32]:
        steps = starts[..., None] + np.arange(CHUNK)
        bounded = np.clip(steps, 0, (np.diff(self.mel_starts)[clips] - 1)[:, None, None])
        return np.asarray(self.mel[self.mel_starts[clips][:, None, None] + bounded].swapaxes(-1, -2))


def _key(clips: Sequence[Clip], face: Face) -> str:
    geometry = {k: v for k, v in asdict(face).items() if k in ("size", "side", "down", "box")}
    said = json.dumps([geometry, [(c.id, str(c.video)) for c in clips]])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def prepare(clips: Sequence[Clip], face: Face, folder: Path) -> Corpus:
    """Return the clips as a corpus, prepared once under ``folder``.

    Clips that cannot be read are left out and named in ``left_out.txt``. Raises
    CommandError where none is left.
    """
    place = folder / _key(clips, face)
    if not (place / "done").exists():
        _write(clips, face, place)
    return Corpus(
        pixels=np.load(place / "pixels.npy", mmap_mode="r"),
        mel=np.load(place / "mel.npy"),
        frame_starts=np.load(place / "frame_starts.npy"),
        mel_starts=np.load(place / "mel_starts.npy"),
    )


def _write(clips: Sequence[Clip], face: Face, place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    pixels, mels, left_out = [], [], []
    for clip in clips:
        try:
            features = Features(clip)
            frames = features[FRAMES]
            pixels.append(crop(frames, find_boxes(face_landmarks(features), frames.shape, face), face.size))
            mels.append(mel_spectrogram(features[SPEECH]).T)
        except ClipError as error:
            left_out.append(f"{clip.id}: {error}\n")
    (place / "left_out.txt").write_text("".join(left_out))
    if not pixels:
        raise CommandError(f"no clip could be prepared for training; the reasons are in {place / 'left_out.txt'}")
    np.save(place / "pixels.npy", np.concatenate(pixels))
    np.save(place / "mel.npy", np.concatenate(mels))
    np.save(place / "frame_starts.npy", np.cumsum([0, *map(len, pixels)], dtype=np.int64))
    np.save(place / "mel_starts.npy", np.cumsum([0, *map(len, mels)], dtype=np.int64))
    (place / "done").touch()
