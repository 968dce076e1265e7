"""A lip reader: the sync expert's eyes, two recurrent layers, and characters by CTC."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from syncbench.baselines.expert.network import WIDTH, VideoTrunk, stacks

__all__ = ["ALPHABET", "BLANK", "STEPS_PER_FRAME", "LipReader", "decode_greedy", "encode", "padded_stacks"]

ALPHABET = "-' 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The first character stands for CTC's blank."""
BLANK = 0
STEPS_PER_FRAME = 2  # quick speech says more than one letter in 40 ms
HIDDEN = 256


def encode(text: str) -> list[int]:
    """Return the labels of a transcript: capitals, digits, apostrophe and single spaces; anything else is dropped."""
    kept = "".join(c if c in ALPHABET[1:] else " " if c.isspace() else "" for c in text.upper())
    return [ALPHABET.index(c) for c in " ".join(kept.split())]


def decode_greedy(labels: Tensor) -> str:
    """Return the words of the best label of each step, [steps]: repetitions joined, blanks dropped."""
    joined = torch.unique_consecutive(labels)
    return " ".join("".join(ALPHABET[i] for i in joined.tolist() if i != BLANK).split())


def padded_stacks(mouths: Tensor) -> Tensor:
    """Standardised mouths [B, T, S, S] -> [B, T, 3, S, S]: each frame with its neighbours, the outer ones repeated."""
    return stacks(torch.cat([mouths[:, :1], mouths, mouths[:, -1:]], dim=1))


class LipReader(nn.Module):
    """Conv3D (three frames) + 2-D residual trunk, two bidirectional GRU layers, CTC over characters."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = VideoTrunk()
        self.squeeze = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH), nn.ReLU(), nn.Dropout(0.2))
        self.context = nn.GRU(WIDTH, HIDDEN, num_layers=2, batch_first=True, bidirectional=True, dropout=0.3)
        self.letters = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * HIDDEN, STEPS_PER_FRAME * len(ALPHABET)))

    def look(self, mouths: Tensor) -> Tensor:
        """Standardised mouths [B, T, 64, 64] -> features [B, T, 256]."""
        seen = padded_stacks(mouths)
        flat = seen.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        out: Tensor = self.trunk(flat).reshape(*seen.shape[:2], WIDTH)
        return out

    def read(self, features: Tensor) -> Tensor:
        """Features [B, T, 256] -> log-probabilities of characters [B, 2 T, 39]."""
        heard, _ = self.context(self.squeeze(features).float())  # [B, T, 512]
        scores = self.letters(heard)  # [B, T, 2 * 39]
        return F.log_softmax(scores.unflatten(-1, (STEPS_PER_FRAME, len(ALPHABET))).flatten(1, 2), dim=-1)

    def forward(self, mouths: Tensor) -> Tensor:
        """Standardised mouths [B, T, 64, 64] -> log-probabilities of characters [B, 2 T, 39]."""
        return self.read(self.look(mouths).float())
