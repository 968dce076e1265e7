"""Clips prepared for training: mouths and speech laid end to end in two files, read as they are needed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from syncbench import registry
from syncbench.baselines.recognisers.inputs import mouth_crops
from syncbench.clip import SAMPLES_PER_FRAME, Clip, Word
from syncbench.errors import ClipError, CommandError
from syncbench.feature import Features
from syncbench.features.frames import FRAMES
from syncbench.features.landmarks import best_source
from syncbench.features.speech import SPEECH

__all__ = ["Corpus", "Example", "prepare", "read_corpus"]


@dataclass(frozen=True, slots=True)
class Example:
    """One clip: mouths uint8 ``[T, S, S]``, speech int16 ``[640 * T]``, what is said, its words with times if known."""

    mouths: NDArray[np.uint8]
    speech: NDArray[np.int16]
    text: str
    words: tuple[Word, ...] = ()

    @property
    def frames(self) -> int:
        """Length in frames."""
        return len(self.mouths)

    def wave(self) -> NDArray[np.float32]:
        """Return the speech as float32 in -1..1."""
        return self.speech.astype(np.float32) / np.float32(32768.0)


@dataclass(frozen=True)
class Corpus:
    """Clips laid end to end.

    Attributes:
        mouths: uint8 ``[frames, S, S]``. speech: int16 ``[640 * frames]``.
        starts: int64 ``[clips + 1]``, the frame where each clip begins.
        texts, words: of each clip.
    """

    mouths: NDArray[np.uint8]
    speech: NDArray[np.int16]
    starts: NDArray[np.int64]
    texts: tuple[str, ...]
    words: tuple[tuple[Word, ...], ...]

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, index: int, /) -> Example:
        begin, end = (int(s) for s in self.starts[index : index + 2])
        speech = self.speech[begin * SAMPLES_PER_FRAME : end * SAMPLES_PER_FRAME]
        return Example(np.asarray(self.mouths[begin:end]), np.asarray(speech), self.texts[index], self.words[index])


def prepare(clips: Sequence[Clip], folder: Path, side: int, field: int) -> Corpus:
    """Return clips with transcripts as a corpus of mouths, prepared once in ``folder``; see ``mouth_crops``.

    Clips that cannot be used are named in ``left_out.txt``. Raises CommandError where none is left.
    """
    index = folder / "index.json"
    if not index.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(clips, folder, side, field)
    return read_corpus(folder)


def read_corpus(folder: Path) -> Corpus:
    """Return the corpus that was prepared in ``folder``."""
    kept = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return Corpus(
        mouths=np.load(folder / "mouths.npy", mmap_mode="r"),
        speech=np.load(folder / "speech.npy", mmap_mode="r"),
        starts=np.array(kept["starts"], dtype=np.int64),
        texts=tuple(kept["texts"]),
        words=tuple(tuple(Word(*word) for word in words) for words in kept["words"]),
    )


def _write(clips: Sequence[Clip], folder: Path, side: int, field: int) -> None:
    # Lengths are known only after decoding, so clips are written one by one and then joined.
    starts = [0]
    texts: list[str] = []
    words: list[list[tuple[str, float, float]]] = []
    left_out: list[str] = []
    parts = folder / "parts"
    parts.mkdir(exist_ok=True)
    for clip in clips:
        try:
            if not clip.transcript:
                raise ClipError("has no transcript")
            features = Features(clip)
            landmarks = features[registry.landmarks(best_source(clip)).feature]
            mouths = mouth_crops(features[FRAMES], landmarks, side, field)
            speech = np.clip(np.rint(features[SPEECH] * 32768.0), -32768, 32767).astype(np.int16)
        except ClipError as error:
            left_out.append(f"{clip.id}: {error}\n")
            continue
        np.savez(parts / f"{len(texts)}.npz", mouths=mouths, speech=speech)
        starts.append(starts[-1] + len(mouths))
        texts.append(clip.transcript)
        words.append([(w.text, w.start, w.end) for w in clip.words])
    (folder / "left_out.txt").write_text("".join(left_out), encoding="utf-8")
    if not texts:
        raise CommandError(f"no clip could be prepared for training; the reasons are in {folder / 'left_out.txt'}")
    mouths = open_memmap(folder / "mouths.npy", "w+", np.uint8, (starts[-1], side, side))
    speech = open_memmap(folder / "speech.npy", "w+", np.int16, (starts[-1] * SAMPLES_PER_FRAME,))
    for number in range(len(texts)):
        begin, end = starts[number : number + 2]
        part = parts / f"{number}.npz"
        with np.load(part) as kept:
            mouths[begin:end] = kept["mouths"]
            speech[begin * SAMPLES_PER_FRAME : end * SAMPLES_PER_FRAME] = kept["speech"]
        part.unlink()
    parts.rmdir()
    mouths.flush()
    speech.flush()
    index = {"starts": starts, "texts": texts, "words": words}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
