"""CALS-style (reconstruction): Audio-to-Lip with phonetic context, and Lip-to-Face."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from syncbench.baselines.faces.cals.config import Config
from syncbench.baselines.faces.mel import chunk_start
from syncbench.baselines.faces.networks import AudioEncoder, Decoder, IdentityEncoder, LipEncoder

__all__ = ["AudioToLip", "Generator", "mask_mel", "positions"]


def positions(count: int, dim: int, device: torch.device | None = None) -> Tensor:
    """Return sinusoidal positions ``[count, dim]``, sines in the even columns."""
    place = torch.arange(count, device=device, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, dim, 2, device=device, dtype=torch.float32) * (-math.log(10_000.0) / dim))
    table = torch.zeros(count, dim, device=device)
    table[:, 0::2] = torch.sin(place * rate)
    table[:, 1::2] = torch.cos(place * rate[: dim // 2])
    return table


def mask_mel(chunks: Tensor, masked: Tensor) -> Tensor:
    """Return chunks ``[B, W, 80, 16]`` with the mel under masked frames (``[B, W]``) zeroed in every chunk.

    A frame's own mel is the 3.2 steps of its 40 ms; a chunk also covers its neighbours', which would give a
    masked frame away.
    """
    frames = masked.shape[1]
    starts = torch.tensor([chunk_start(f + 1) for f in range(frames)])  # [W], chunk f + 1 begins where frame f does
    steps = torch.tensor([chunk_start(f) for f in range(frames)])[:, None] + torch.arange(chunks.shape[-1])  # [W, 16]
    owner = (torch.searchsorted(starts, steps.contiguous(), right=True) - 1).clamp(0, frames - 1).to(masked.device)
    return chunks * (~masked[:, owner])[:, :, None, :]  # [B, W, 1, 16]


class _Layer(nn.Module):
    """A Transformer encoder layer that also returns its attention, averaged over heads, ``[B, W, W]``."""

    def __init__(self, dim: int, config: Config) -> None:
        super().__init__()
        self.norm_first = config.norm_first
        self.attention = nn.MultiheadAttention(dim, config.heads, dropout=config.dropout, batch_first=True)
        self.feed = nn.Sequential(
            nn.Linear(dim, config.feed_forward),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.feed_forward, dim),
        )
        self.norms = nn.ModuleList([nn.LayerNorm(dim), nn.LayerNorm(dim)])
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.norm_first:
            normed = self.norms[0](x)
            seen, weights = self.attention(normed, normed, normed)
            x = x + self.drop(seen)
            return x + self.drop(self.feed(self.norms[1](x))), weights
        seen, weights = self.attention(x, x, x)
        x = self.norms[0](x + self.drop(seen))
        return self.norms[1](x + self.drop(self.feed(x))), weights


class AudioToLip(nn.Module):
    """Mel chunks of a window to lip motion units, each seeing the whole window."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        dim = config.face.dim
        self.audio = AudioEncoder(config.face)
        self.mask = nn.Parameter(torch.randn(dim) * 0.02)
        self.layers = nn.ModuleList([_Layer(dim, config) for _ in range(config.layers)])
        self.norm = nn.LayerNorm(dim) if config.norm_first else nn.Identity()
        self.head = nn.Linear(dim, dim)
        self.adds = config.adds
        if config.adds:
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)

    def tokens(self, chunks: Tensor) -> Tensor:
        """Return phone-level tokens ``[..., D]`` of chunks ``[..., 80, 16]``."""
        result: Tensor = self.audio(chunks.flatten(0, -3)[:, None]).reshape(*chunks.shape[:-2], -1)
        return result

    def contextualise(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return units ``[B, W, D]`` of tokens ``[B, W, D]``, and the last layer's attention ``[B, W, W]``."""
        x = tokens + positions(tokens.shape[1], tokens.shape[2], tokens.device).to(tokens.dtype)
        weights = tokens.new_zeros(())
        for layer in self.layers:
            x, weights = layer(x)
        units = self.head(self.norm(x))
        return (tokens + units if self.adds else units), weights

    def forward(self, chunks: Tensor, masked: Tensor | None = None) -> Tensor:
        """Return units ``[B, W, D]`` of chunks ``[B, W, 80, 16]``; frames in ``masked`` ``[B, W]`` are hidden."""
        if masked is None:
            return self.contextualise(self.tokens(chunks))[0]
        tokens = self.tokens(mask_mel(chunks, masked))
        return self.contextualise(torch.where(masked[..., None], self.mask.to(tokens.dtype), tokens))[0]

    def slide(self, chunks: Tensor, context: int | None, batch: int = 64) -> tuple[Tensor, Tensor]:
        """Return the centre unit of each frame's own window, ``[T, D]``, and its attention ``[T, 2 context + 1]``.

        ``chunks`` is ``[T + 2 context, 80, 16]``: the clip's with ``context`` more on either side. Without a context,
        the clip ``[T, 80, 16]`` is one window and the attention ``[T, T]``.
        """
        tokens = self.tokens(chunks)
        if context is None:
            units, weights = self.contextualise(tokens[None])
            return units[0], weights[0]
        windows = tokens.unfold(0, 2 * context + 1, 1).transpose(1, 2)  # [T, 2 context + 1, D]
        parts = [self.contextualise(windows[start : start + batch]) for start in range(0, len(windows), batch)]
        return torch.cat([u[:, context] for u, _ in parts]), torch.cat([w[:, context] for _, w in parts])


class Generator(nn.Module):
    """Audio-to-Lip and Lip-to-Face; the lip encoder gives the units to learn from."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.a2l = AudioToLip(config)
        self.lip = LipEncoder(config.face)
        self.identity = IdentityEncoder(config.face)
        self.decoder = Decoder(config.face)
        dim = config.face.dim
        self.fusion = nn.Linear(2 * dim, dim) if config.heard else None

    def fuse(self, units: Tensor, tokens: Tensor) -> Tensor:
        """Return what the decoder gets for units and tokens ``[N, D]``."""
        return units if self.fusion is None else self.fusion(torch.cat([units, tokens], dim=1))

    def draw(self, units: Tensor, identity: Tensor) -> Tensor:
        """Return images ``[N, 3, H, W]`` for units ``[N, D]`` and identities ``[N, 6, H, W]``."""
        result: Tensor = self.decoder(units, self.identity(identity), identity[:, 3:])
        return result
