"""Pieces of clips: which frames of which clip a step is trained on, and what is said in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncbench.baselines.recognisers.training.corpus import Example
from syncbench.baselines.recognisers.training.presets import Epochs
from syncbench.clip import FPS, Word

__all__ = ["Piece", "epoch_batches", "word_labels"]


@dataclass(frozen=True, slots=True)
class Piece:
    """What a training step takes of a clip: its number, the frames in order int64 ``[T]``, and what is said in them."""

    clip: int
    frames: NDArray[np.int64]
    text: str


def word_labels(words: Sequence[Word], frames: int, vocabulary: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the word said at each frame's middle, ``[T]``: 0 is silence, -1 a word outside the vocabulary."""
    labels = np.zeros(frames, dtype=np.int64)
    for word in words:
        first, last = (max(0, math.floor(t * FPS + 0.5)) for t in (word.start, word.end))
        labels[first:last] = vocabulary.get(word.text.upper(), -1)
    return labels


def _cut(example: Example, rng: np.random.Generator) -> tuple[int, int, str]:
    """Return begin, end and text of a random run of two or more whole words, with up to 0.4 s of silence around it."""
    words = example.words
    if len(words) < 3:
        return 0, example.frames, example.text
    count = int(rng.integers(2, len(words) + 1))
    first = int(rng.integers(len(words) - count + 1))
    run = words[first : first + count]
    before = words[first - 1].end if first else 0.0
    after = words[first + count].start if first + count < len(words) else example.frames / FPS
    start = max(0, math.ceil(max(before, run[0].start - rng.uniform(0.0, 0.4)) * FPS))
    end = min(example.frames, math.floor(min(after, run[-1].end + rng.uniform(0.0, 0.4)) * FPS))
    if end - start < 2 * count:
        return 0, example.frames, example.text
    return start, end, " ".join(w.text for w in run)


def epoch_batches(
    examples: Sequence[Example], further: int, epochs: Epochs, rng: np.random.Generator
) -> list[list[Piece]]:
    """Return an epoch's batches: clips cut and warped as planned, pieces of like length together.

    Of the last ``further`` examples a share is drawn (``Epochs.also``), of the others each is there once. What fills no
    batch is left out.
    """
    main = len(examples) - further
    drawn = main + rng.permutation(further)[: round(epochs.also * further)]
    pieces: list[Piece] = []
    for clip in rng.permutation(np.concatenate([np.arange(main), drawn])).tolist():
        example = examples[clip]
        whole = (0, example.frames, example.text)
        start, end, text = _cut(example, rng) if rng.random() < epochs.cut else whole
        count = max(1, round((end - start) * float(rng.uniform(1.0 - epochs.warp, 1.0 + epochs.warp))))
        frames = start + np.rint(np.linspace(0, end - start - 1, count)).astype(np.int64)
        pieces.append(Piece(clip, frames, text))
    batches: list[list[Piece]] = []
    pieces = pieces[: len(pieces) // epochs.batch * epochs.batch]
    pool = 8 * epochs.batch
    for begin in range(0, len(pieces), pool):
        alike = sorted(pieces[begin : begin + pool], key=lambda piece: len(piece.frames))
        batches += [alike[k : k + epochs.batch] for k in range(0, len(alike), epochs.batch)]
    return [batches[k] for k in rng.permutation(len(batches))]
