"""Transformer decoder over characters, and the character set."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .conformer import FeedForward

__all__ = ["BLANK", "END", "SYMBOLS", "UNKNOWN", "Decoder", "decode_text", "encode_text"]

SYMBOLS = ("<blank>", "<unk>", "'", *"0123456789", " ", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "<eos>")
"""The 41 symbols: CTC's blank, unknown, apostrophe, digits, space, letters, and the end, which also starts a text."""

BLANK = 0
UNKNOWN = 1
END = len(SYMBOLS) - 1

_NUMBER = {symbol: i for i, symbol in enumerate(SYMBOLS)}


def encode_text(text: str) -> list[int]:
    """Return the symbol numbers of ``text`` in upper case, one space between words; others become unknown."""
    return [_NUMBER.get(c, UNKNOWN) for c in " ".join(text.upper().split())]


def decode_text(symbols: list[int]) -> str:
    """Return the text of symbol numbers, leaving out blank, unknown and end."""
    return " ".join("".join(SYMBOLS[s] for s in symbols if s not in (BLANK, UNKNOWN, END)).split())


class _Attention(nn.Module):
    """Multi-head attention of queries ``[B, U, d]`` over keys and values ``[B, L, d]``."""

    def __init__(self, dimension: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dimension, dimension)
        self.key = nn.Linear(dimension, dimension)
        self.value = nn.Linear(dimension, dimension)
        self.out = nn.Linear(dimension, dimension)
        self.dropout = dropout

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """``mask`` says which keys each query may see, bool, broadcast to ``[B, h, U, L]``."""
        query, key, value = (
            f(y).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for f, y in ((self.query, x), (self.key, memory), (self.value, memory))
        )
        mixed = F.scaled_dot_product_attention(query, key, value, mask, self.dropout if self.training else 0.0)
        return cast("Tensor", self.out(mixed.transpose(1, 2).flatten(2)))


class _Layer(nn.Module):
    def __init__(self, dimension: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.own = _Attention(dimension, heads, dropout)
        self.source = _Attention(dimension, heads, dropout)
        self.forward_layer = FeedForward(dimension, hidden, dropout, nn.ReLU)
        self.norms = nn.ModuleList(nn.LayerNorm(dimension) for _ in range(3))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, causal: Tensor, memory: Tensor, seen: Tensor) -> Tensor:
        own, source, last = self.norms
        y = own(x)
        x = x + self.dropout(self.own(y, y, causal))
        x = x + self.dropout(self.source(source(x), memory, seen))
        return cast("Tensor", x + self.dropout(self.forward_layer(last(x))))


class Decoder(nn.Module):
    """Symbols ``[B, U]`` and memory ``[B, L, d]`` to logits of the next symbol ``[B, U, 41]``."""

    def __init__(self, dimension: int, heads: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Embedding(len(SYMBOLS), dimension)
        self.layers = nn.ModuleList(_Layer(dimension, heads, hidden, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(dimension)
        self.out = nn.Linear(dimension, len(SYMBOLS))
        self.dropout = nn.Dropout(dropout)

    def forward(self, symbols: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """``mask`` says which memory positions are real, bool ``[B, L]``."""
        count, dimension = symbols.shape[1], self.embed.embedding_dim
        place = torch.arange(count, device=symbols.device)[:, None]
        rate = torch.exp(torch.arange(0, dimension, 2, device=symbols.device) * (-math.log(10_000.0) / dimension))
        positions = torch.stack([(place * rate).sin(), (place * rate).cos()], dim=-1).flatten(1)
        x = self.embed(symbols) * math.sqrt(dimension)
        x = self.dropout(x + positions.to(x.dtype))
        causal = torch.ones(count, count, dtype=torch.bool, device=symbols.device).tril()
        for layer in self.layers:
            x = layer(x, causal, memory, mask[:, None, None, :])
        return cast("Tensor", self.out(self.norm(x)))
