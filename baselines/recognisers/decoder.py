"""Transformer decoder over characters, and the character set."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from syncbench.baselines.recognisers.conformer import FeedForward
from syncbench.baselines.recognisers.dropout import Dropout

__all__ = ["BLANK", "END", "SYMBOLS", "UNKNOWN", "Decoder", "GrowingTexts", "decode_text", "encode_text"]

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
        return self.look(x, *self.keys_and_values(memory), mask)

    def keys_and_values(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values ``[B, h, L, s]`` of ``memory [B, L, d]``."""
        return self._split(self.key(memory)), self._split(self.value(memory))

    def look(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """Return what queries ``[B, U, d]`` find among keys and values ``[B, h, L, s]``."""
        dropout = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(self._split(self.query(x)), keys, values, mask, dropout)
        return cast("Tensor", self.out(mixed.transpose(1, 2).flatten(2)))

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


class _Layer(nn.Module):
    def __init__(self, dimension: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.own = _Attention(dimension, heads, dropout)
        self.source = _Attention(dimension, heads, dropout)
        self.forward_layer = FeedForward(dimension, hidden, dropout, nn.ReLU)
        self.norms = nn.ModuleList(nn.LayerNorm(dimension) for _ in range(3))
        self.dropout = Dropout(dropout)

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
        self.dropout = Dropout(dropout)

    def forward(self, symbols: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """``mask`` says which memory positions are real, bool ``[B, L]``."""
        count = symbols.shape[1]
        x = self._embedded(symbols, 0)
        causal = torch.ones(count, count, dtype=torch.bool, device=symbols.device).tril()
        for layer in self.layers:
            x = layer(x, causal, memory, mask[:, None, None, :])
        return cast("Tensor", self.out(self.norm(x)))

    def begin(self, memory: Tensor, mask: Tensor, width: int) -> GrowingTexts:
        """Return ``width`` empty texts of each utterance, to be read symbol by symbol."""
        return GrowingTexts(self, memory, mask, width)

    def _embedded(self, symbols: Tensor, begin: int) -> Tensor:
        """Return symbols ``[B, U]``, the first of which stands at place ``begin``, as vectors ``[B, U, d]``."""
        dimension = self.embed.embedding_dim
        place = torch.arange(begin, begin + symbols.shape[1], device=symbols.device)[:, None]
        rate = torch.exp(torch.arange(0, dimension, 2, device=symbols.device) * (-math.log(10_000.0) / dimension))
        positions = torch.stack([(place * rate).sin(), (place * rate).cos()], dim=-1).flatten(1)
        x = self.embed(symbols) * math.sqrt(dimension)
        return cast("Tensor", self.dropout(x + positions.to(x.dtype)))


class GrowingTexts:
    """Texts that a decoder reads symbol by symbol, ``width`` per utterance: keys and values are computed once.

    Text ``n`` belongs to utterance ``n // width``.
    """

    def __init__(self, decoder: Decoder, memory: Tensor, mask: Tensor, width: int) -> None:
        self.decoder = decoder
        self.width = width
        self.mask = mask[:, None, None, :]
        self.layers = [cast("_Layer", layer) for layer in decoder.layers]
        self.sources = [layer.source.keys_and_values(memory) for layer in self.layers]
        self.own: list[tuple[Tensor, Tensor]] = []  # of each layer, [N, h, u, s]
        self.length = 0

    def read(self, last: Tensor) -> Tensor:
        """Return the logits of the next symbol ``[N, 41]`` after each text's newest symbol ``last [N]``."""
        x = self.decoder._embedded(last[:, None], self.length)  # [N, 1, d]
        grown: list[tuple[Tensor, Tensor]] = []
        for number, layer in enumerate(self.layers):
            own, source, final = layer.norms
            y = own(x)
            newest = layer.own.keys_and_values(y)
            before = self.own[number] if self.own else tuple(t[:, :, :0] for t in newest)
            keys, values = (torch.cat(pair, dim=2) for pair in zip(before, newest, strict=True))
            grown.append((keys, values))
            x = x + layer.own.look(y, keys, values, None)
            # All texts of an utterance ask its memory together.
            asked = source(x).view(-1, self.width, x.shape[-1])  # [B, width, d]
            x = x + layer.source.look(asked, *self.sources[number], self.mask).reshape(x.shape)
            x = x + layer.forward_layer(final(x))
        self.own = grown
        self.length += 1
        return cast("Tensor", self.decoder.out(self.decoder.norm(x))[:, 0])

    def choose(self, texts: Tensor) -> None:
        """Go on with the texts ``texts [N]``."""
        self.own = [(keys[texts], values[texts]) for keys, values in self.own]
