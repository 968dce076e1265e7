"""Batches of recognisers: of mouths and speech corrupted anew each time, or of stored views of the front ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.recognisers.batch import batch_tensors
from syncbench.baselines.recognisers.decoder import encode_text
from syncbench.baselines.recognisers.network import Recogniser
from syncbench.baselines.recognisers.training.augment import Voices, augmented, heard
from syncbench.baselines.recognisers.training.corpus import Example
from syncbench.baselines.recognisers.training.corruption import corrupt_mouths
from syncbench.baselines.recognisers.training.pieces import Piece, epoch_batches, word_labels
from syncbench.baselines.recognisers.training.presets import Epochs
from syncbench.baselines.recognisers.training.views import View
from syncbench.baselines.recognisers.training.voice import random_voice, spoken, stretched
from syncbench.baselines.training.batches import Batch, Running
from syncbench.clip import SAMPLES_PER_FRAME, Waveform

__all__ = ["Features", "Pixels", "vocabulary_of"]


def vocabulary_of(examples: Sequence[Example]) -> dict[str, int]:
    """Return the words whose times are known -> their number; 0 is silence."""
    spoken = sorted({word.text.upper() for example in examples for word in example.words})
    return {word: place for place, word in enumerate(spoken, start=1)}


class _Epochs(Running):
    """Epochs of pieces, each drawn by the seed and the epoch's number; a subclass says what is given of them.

    The last ``further`` examples are of further data sets, see ``Epochs.also``.
    """

    def __init__(self, examples: Sequence[Example], further: int, epochs: Epochs, seed: int) -> None:
        super().__init__(seed)
        self.examples, self.further, self.epochs, self.seed = examples, further, epochs, seed
        self.steps = epochs.steps(len(examples), further)
        known = vocabulary_of(examples)
        self.named = [word_labels(e.words, e.frames, known) if e.words else np.full(e.frames, -1) for e in examples]
        self.batches: list[list[Piece]] = []

    def given(self, pieces: Sequence[Piece]) -> Batch:
        """Return what a network is given of pieces: ``mouths`` and ``speech``, or ``visual`` and ``audio``; ``lengths``."""
        raise NotImplementedError

    def _begin(self, epoch: int) -> None:
        self.dice = np.random.default_rng([self.seed, epoch])
        self.batches = epoch_batches(self.examples, self.further, self.epochs, self.dice)

    def __call__(self, step: int, rank: int) -> Batch:
        epoch, place = divmod(step, self.steps)
        if place == 0:
            self._begin(epoch)
            torch.manual_seed(1000 * self.seed + epoch)
        pieces = self.batches[place]
        named = torch.full((len(pieces), max(len(piece.frames) for piece in pieces)), -1)
        for row, piece in zip(named, pieces, strict=True):
            row[: len(piece.frames)] = torch.from_numpy(self.named[piece.clip][piece.frames])
        return {**self.given(pieces), "named": named, "texts": [encode_text(piece.text) for piece in pieces]}

    def restore(self, step: int, state: Mapping[str, Tensor]) -> None:
        if step % self.steps:
            self._begin(step // self.steps)
        super().restore(step, state)


class Pixels(_Epochs):
    """Mouths and speech, corrupted and augmented anew each time, for a network's own front ends."""

    def __init__(
        self, network: Recogniser, examples: Sequence[Example], further: int, epochs: Epochs, seed: int
    ) -> None:
        super().__init__(examples, further, epochs, seed)
        self.sees, self.hears, self.side = network.visual is not None, network.audio is not None, network.preset.crop
        self.voices = Voices(examples)

    def given(self, pieces: Sequence[Piece]) -> Batch:
        mouths = speech = None
        if self.sees:
            raw = [self.examples[p.clip].mouths[p.frames] for p in pieces]
            mouths = [augmented(corrupt_mouths(m, self.dice), self.side, self.dice) for m in raw]
        if self.hears:
            speech = [heard(self._said(piece), self.voices, self.dice) for piece in pieces]
        video, audio, lengths = batch_tensors(mouths, speech)
        return {"mouths": video, "speech": audio, "lengths": lengths}

    def _said(self, piece: Piece) -> Waveform:
        """Return a piece's speech at its pace, for a share of the pieces in another voice."""
        begin, end = (int(frame) * SAMPLES_PER_FRAME for frame in (piece.frames[0], piece.frames[-1] + 1))
        wave, samples = self.examples[piece.clip].wave()[begin:end], len(piece.frames) * SAMPLES_PER_FRAME
        if self.dice.random() < self.epochs.voices:
            return spoken(wave, samples, random_voice(self.dice))
        return stretched(wave, samples)


class Features(_Epochs):
    """Stored views (visual, audio), a version drawn for each piece and stream.

    Features get noise of a tenth of their deviation, and of half the pieces a span of up to ten frames is blanked.
    """

    def __init__(
        self, views: Sequence[Sequence[View]], examples: Sequence[Example], further: int, epochs: Epochs, seed: int
    ) -> None:
        super().__init__(examples, further, epochs, seed)
        self.views = views
        self.starts = np.cumsum([0, *(example.frames for example in examples)])
        self.spreads = [float(np.asarray(view[-1][:2000], dtype=np.float32).std()) for view in views]

    def given(self, pieces: Sequence[Piece]) -> Batch:
        visual, audio = (self._stream(*stream, pieces) for stream in zip(self.views, self.spreads, strict=True))
        return {"visual": visual, "audio": audio, "lengths": torch.tensor([len(piece.frames) for piece in pieces])}

    def _stream(self, views: Sequence[View], spread: float, pieces: Sequence[Piece]) -> NDArray[np.float32]:
        rng = self.dice
        batch = np.zeros((len(pieces), max(len(p.frames) for p in pieces), views[0].shape[-1]), dtype=np.float32)
        for row, piece in zip(batch, pieces, strict=True):
            count = len(piece.frames)
            row[:count] = views[int(rng.integers(len(views)))][self.starts[piece.clip] + piece.frames]
            row[:count] += np.float32(0.1 * spread) * rng.standard_normal((count, row.shape[1]), dtype=np.float32)
            if rng.random() < 0.5:
                length = int(rng.integers(min(10, count // 4) + 1))
                begin = int(rng.integers(count - length + 1))
                row[begin : begin + length] = 0.0
        return batch
