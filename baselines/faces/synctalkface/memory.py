"""The Audio-Lip Memory of SyncTalkFace (AAAI 2022): lips stored by slot, recalled from sound."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["AudioLipMemory", "Recall", "address"]


def address(query: Tensor, slots: Tensor, radius: float) -> Tensor:
    """Return the softmax over slots of ``radius`` times the cosine: ``[N, D]``, ``[S, D]`` to ``[N, S]``."""
    return (radius * F.normalize(query.float(), dim=1) @ F.normalize(slots.float(), dim=1).T).softmax(dim=1)


class Recall(NamedTuple):
    """What a feature recalled: its embedding ``[N, D]``, addresses ``[N, S]``, recalled lips ``[N, D]``."""

    embedding: Tensor
    addresses: Tensor
    lips: Tensor


class AudioLipMemory(nn.Module):
    """Key (audio) and value (lip) memories of ``slots`` slots, both addressed by cosine, and the fusion with the audio.

    Embedded and published values alike start from N(0, 0.5); the address scale (radius) is 16.
    """

    def __init__(self, slots: int, dim: int, radius: float = 16.0, dropout: float = 0.5) -> None:
        super().__init__()
        self.keys = nn.Parameter(torch.randn(slots, dim) * 0.5)
        self.values = nn.Parameter(torch.randn(slots, dim) * 0.5)
        self.query = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.fusion = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * dim, dim))
        self.radius = radius

    def hear(self, audio: Tensor) -> Recall:
        """Recall lips from audio features ``[N, D]``: the path of inference."""
        embedding = self.query(audio)
        return self._recall(embedding, address(embedding, self.keys, self.radius))

    def see(self, lips: Tensor) -> Recall:
        """Recall lips from lip features ``[N, D]``: the path of training that teaches the values."""
        embedding = self.value(lips)
        return self._recall(embedding, address(embedding, self.values, self.radius))

    def fuse(self, audio: Tensor, lips: Tensor) -> Tensor:
        """Return the decoder's unit ``[N, D]`` from audio features and recalled (or true) lips."""
        result: Tensor = self.fusion(torch.cat([audio, lips.to(audio.dtype)], dim=1))
        return result

    @torch.no_grad()
    def begin_with(self, slots: Tensor, centre: Tensor) -> None:
        """Begin with lips ``slots`` ``[S, D]``, given less their mean ``centre`` ``[D]``, as keys and values alike.

        Of use where audio features already resemble lip features: sound then addresses as sight does, and the fusion
        gives back the recalled lips.
        """
        for memory in (self.keys, self.values):
            memory.copy_(slots)
        for layer in (self.query, self.value):
            nn.init.eye_(layer.weight)
            layer.bias.copy_(-centre)
        fuse = self.fusion[1]
        assert isinstance(fuse, nn.Linear)
        fuse.weight.copy_(torch.cat([torch.zeros_like(self.query.weight), torch.eye(len(centre))], dim=1))
        fuse.bias.copy_(centre)

    def _recall(self, embedding: Tensor, addresses: Tensor) -> Recall:
        return Recall(embedding, addresses, addresses @ self.values.float())
