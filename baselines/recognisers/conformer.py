"""Conformer encoder with relative positions (Gulati et al., Interspeech 2020, arXiv 2005.08100; Dai et al., ACL 2019)."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from syncbench.baselines.recognisers.dropout import Dropout

__all__ = ["ConformerBlock", "ConformerEncoder", "FeedForward", "length_mask", "relative_positions"]


def length_mask(lengths: Tensor, longest: int) -> Tensor:
    """Return which positions are real, bool ``[B, longest]``, from lengths ``[B]``."""
    return torch.arange(longest, device=lengths.device) < lengths[:, None]


def relative_positions(length: int, dimension: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Return sinusoids for the distances ``length - 1 .. -(length - 1)``, ``[2 * length - 1, dimension]``."""
    distance = torch.arange(length - 1, -length, -1.0, device=device)
    rate = torch.exp(torch.arange(0, dimension, 2, device=device) * (-math.log(10_000.0) / dimension))
    angle = distance[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1).to(dtype)


class FeedForward(nn.Module):
    """Two linear layers with an activation between."""

    def __init__(self, dimension: int, hidden: int, dropout: float, act: type[nn.Module]) -> None:
        super().__init__()
        self.w1 = nn.Linear(dimension, hidden)
        self.w2 = nn.Linear(hidden, dimension)
        self.act = act()
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", self.w2(self.dropout(self.act(self.w1(x)))))


class _RelativeAttention(nn.Module):
    """Multi-head self-attention whose logits add a term in the distance of query and key (Transformer-XL)."""

    def __init__(self, dimension: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dimension, dimension)
        self.key = nn.Linear(dimension, dimension)
        self.value = nn.Linear(dimension, dimension)
        self.out = nn.Linear(dimension, dimension)
        self.position = nn.Linear(dimension, dimension, bias=False)
        self.content_bias = nn.Parameter(torch.empty(heads, dimension // heads))
        self.position_bias = nn.Parameter(torch.empty(heads, dimension // heads))
        nn.init.xavier_uniform_(self.content_bias)
        nn.init.xavier_uniform_(self.position_bias)
        self.dropout = dropout

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        batch, length, dimension = x.shape
        size = dimension // self.heads
        query = self.query(x).view(batch, length, self.heads, size)
        key = self.key(x).view(batch, length, self.heads, size).transpose(1, 2)  # [B, h, L, s]
        value = self.value(x).view(batch, length, self.heads, size).transpose(1, 2)
        position = self.position(positions).view(-1, self.heads, size).permute(1, 2, 0)  # [h, s, 2L - 1]
        by_distance = (query + self.position_bias).transpose(1, 2) @ position  # [B, h, L, 2L - 1]
        # Row i needs the columns of distances i - 0 .. i - (L - 1), which begin at column L - 1 - i.
        skewed = F.pad(by_distance, (1, 0)).reshape(batch, self.heads, 2 * length, length)[:, :, 1:]
        by_distance = skewed.reshape(batch, self.heads, length, 2 * length - 1)[..., :length]
        bias = (by_distance / math.sqrt(size)).masked_fill(~mask[:, None, None, :], float("-inf"))
        mixed = F.scaled_dot_product_attention(
            (query + self.content_bias).transpose(1, 2), key, value, bias, self.dropout if self.training else 0.0
        )
        return cast("Tensor", self.out(mixed.transpose(1, 2).reshape(batch, length, dimension)))


class _Convolution(nn.Module):
    """Gated pointwise, depthwise, normalised and pointwise convolution over time."""

    def __init__(self, dimension: int, kernel: int) -> None:
        super().__init__()
        self.expand = nn.Linear(dimension, 2 * dimension)
        self.depthwise = nn.Conv1d(dimension, dimension, kernel, padding=(kernel - 1) // 2, groups=dimension)
        self.norm = nn.BatchNorm1d(dimension)
        self.project = nn.Linear(dimension, dimension)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = F.glu(self.expand(x), dim=-1).masked_fill(~mask[..., None], 0.0)
        x = F.silu(self.norm(self.depthwise(x.transpose(1, 2))))
        return cast("Tensor", self.project(x.transpose(1, 2)))


class ConformerBlock(nn.Module):
    """Half feed-forward, attention, convolution, half feed-forward; normalised before each and at the end."""

    def __init__(self, dimension: int, heads: int, hidden: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.first = FeedForward(dimension, hidden, dropout, nn.SiLU)
        self.attention = _RelativeAttention(dimension, heads, dropout)
        self.convolution = _Convolution(dimension, kernel)
        self.second = FeedForward(dimension, hidden, dropout, nn.SiLU)
        self.norms = nn.ModuleList(nn.LayerNorm(dimension) for _ in range(5))
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        first, attention, convolution, second, last = self.norms
        x = x + 0.5 * self.dropout(self.first(first(x)))
        x = x + self.dropout(self.attention(attention(x), positions, mask))
        x = x + self.dropout(self.convolution(convolution(x), mask))
        x = x + 0.5 * self.dropout(self.second(second(x)))
        return cast("Tensor", last(x))


class ConformerEncoder(nn.Module):
    """Features ``[B, L, inside]`` to memory ``[B, L, dimension]``: a linear layer, then Conformer blocks."""

    def __init__(
        self, inside: int, dimension: int, heads: int, hidden: int, kernel: int, blocks: int, dropout: float
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(inside, dimension)
        self.blocks = nn.ModuleList(ConformerBlock(dimension, heads, hidden, kernel, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(dimension)
        self.dropout = Dropout(dropout)
        self.scale = math.sqrt(dimension)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """``mask`` says which of the L positions are real, bool ``[B, L]``."""
        x = self.dropout(self.embed(x) * self.scale)
        positions = self.dropout(relative_positions(x.shape[1], x.shape[2], x.device, x.dtype))
        for block in self.blocks:
            x = block(x, positions, mask)
        return cast("Tensor", self.norm(x))
