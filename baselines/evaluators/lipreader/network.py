"""A lip reader: the sync expert's eyes, two recurrent layers, and characters by CTC."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from syncbench.baselines.evaluators.expert.network import WIDTH, VideoTrunk, stacks
from syncbench.baselines.evaluators.lipreader.vocabulary import KNOWN_WORDS, SENTENCE

__all__ = [
    "ALPHABET",
    "BLANK",
    "LEAST",
    "STEPS_PER_FRAME",
    "LipReader",
    "decode_words",
    "encode",
    "encode_words",
    "padded_stacks",
    "spell",
]

ALPHABET = "-' 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The first character stands for CTC's blank."""
BLANK = 0
STEPS_PER_FRAME = 2  # quick speech says more than one letter in 40 ms


def encode(text: str) -> list[int]:
    """Return the labels of a transcript: capitals, digits, apostrophe and single spaces; anything else is dropped."""
    kept = "".join(c if c in ALPHABET[1:] else " " if c.isspace() else "" for c in text.upper())
    return [ALPHABET.index(c) for c in " ".join(kept.split())]


def encode_words(text: str) -> list[int]:
    """Return the known words of a transcript; others are left out."""
    return [KNOWN_WORDS.index(w) for w in text.upper().split() if w in KNOWN_WORDS]


def spell(labels: Tensor) -> str:
    """Return the words of the best character of each step, [steps]: repetitions joined, blanks dropped."""
    joined = torch.unique_consecutive(labels)
    return " ".join("".join(ALPHABET[i] for i in joined.tolist() if i != BLANK).split())


LEAST = 3
"""Words, of six, that lips must seem to say before they are held to say a sentence. ASSUMED."""
_PLACES = tuple(tuple(KNOWN_WORDS.index(word) for word in words) for words in SENTENCE)
_Path = tuple[float, tuple[int, ...]]
_NONE: _Path = (-math.inf, ())


def decode_words(scores: NDArray[np.floating]) -> str:
    """Return what CTC's log-probabilities ``[T, 52]`` say: the GRID sentence whose best path is most likely.

    One word of each place of ``SENTENCE``, in their order; the Viterbi path, not the sum over paths. Lips that say little
    are not read into: where the best label of each frame makes fewer than ``LEAST`` words, those words are the answer.
    """
    labels = scores.argmax(axis=1)
    changed = np.flatnonzero(np.diff(labels, prepend=-1))
    spotted = [int(label) for label in labels[changed] if label != BLANK]
    if len(spotted) < LEAST or len(scores) < len(_PLACES):
        return " ".join(KNOWN_WORDS[word] for word in spotted)
    blanks: list[_Path] = [(0.0, ())] + [_NONE] * len(_PLACES)  # after so many words
    words: list[list[_Path]] = [[_NONE] * len(place) for place in _PLACES]  # within each word of each place
    for t, now in enumerate(scores.tolist()):
        before = [max(blanks[k], *words[k - 1]) if k and t else blanks[k] for k in range(len(blanks))]
        blanks = [(score + now[BLANK], said) for score, said in before]
        for k, place in enumerate(_PLACES):
            score, said = before[k]
            entered = [(score, (*said, word)) for word in place]
            best = map(max, words[k], entered)
            words[k] = [(total + now[word], path) for word, (total, path) in zip(place, best, strict=True)]
    _, said = max(blanks[-1], *words[-1])
    return " ".join(KNOWN_WORDS[word] for word in said)


def padded_stacks(mouths: Tensor) -> Tensor:
    """Standardised mouths [B, T, S, S] -> [B, T, 3, S, S]: each frame with its neighbours, the outer ones repeated."""
    return stacks(torch.cat([mouths[:, :1], mouths, mouths[:, -1:]], dim=1))


class _Context(nn.Module):
    """Two dilated convolutions over time around a shortcut, [B, 256, T]."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv1d(WIDTH, WIDTH, 5, padding=2 * dilation, dilation=dilation, bias=False),
            nn.BatchNorm1d(WIDTH),
            nn.ReLU(inplace=True),
            nn.Dropout(0.2),
            nn.Conv1d(WIDTH, WIDTH, 5, padding=2 * dilation, dilation=dilation, bias=False),
            nn.BatchNorm1d(WIDTH),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.inner(x))


class LipReader(nn.Module):
    """Conv3D (three frames) + 2-D residual trunk, dilated convolutions over time, CTC over characters and known words."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = VideoTrunk()
        self.squeeze = nn.Sequential(nn.Dropout(0.2), nn.Conv1d(WIDTH, WIDTH, 1), nn.BatchNorm1d(WIDTH), nn.ReLU())
        self.context = nn.Sequential(*[_Context(dilation) for dilation in (1, 2, 4, 8)])  # sees 2.4 s either way
        self.letters = nn.Sequential(nn.Dropout(0.2), nn.Conv1d(WIDTH, STEPS_PER_FRAME * len(ALPHABET), 1))
        self.words = nn.Sequential(nn.Dropout(0.2), nn.Conv1d(WIDTH, len(KNOWN_WORDS), 1))
        self.times = nn.Conv1d(WIDTH, len(KNOWN_WORDS), 1)  # which word is being said: a help in training

    def look(self, mouths: Tensor) -> Tensor:
        """Standardised mouths [B, T, 64, 64] -> features [B, T, 256]."""
        seen = padded_stacks(mouths)
        flat = seen.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        out: Tensor = self.trunk(flat).reshape(*seen.shape[:2], WIDTH)
        return out

    def read(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features [B, T, 256] -> log-probabilities of characters [B, 2 T, 39], of words [B, T, 52], word being said.

        The clip's mean is taken out first: it tells who speaks, and in which light.
        """
        features = features - features.mean(dim=1, keepdim=True)
        x = self.context(self.squeeze(features.transpose(1, 2)))  # [B, 256, T]
        letters = self.letters(x).transpose(1, 2).float()  # [B, T, 2 * 39]
        letters = letters.reshape(len(letters), -1, len(ALPHABET))
        words, times = self.words(x).transpose(1, 2).float(), self.times(x).transpose(1, 2).float()
        return F.log_softmax(letters, dim=-1), F.log_softmax(words, dim=-1), F.log_softmax(times, dim=-1)

    def forward(self, mouths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Standardised mouths [B, T, 64, 64] -> as :meth:`read`."""
        return self.read(self.look(mouths))
