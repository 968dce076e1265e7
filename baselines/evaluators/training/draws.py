"""Random draws that augmentations share, as tensors."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["chance", "smooth_field", "uniform"]


def uniform(rng: torch.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    """Return uniform numbers between ``low`` and ``high``."""
    return torch.rand(shape, generator=rng) * (high - low) + low


def chance(rng: torch.Generator, batch: int, share: float, dims: int) -> Tensor:
    """Return True for about a ``share`` of the batch, bool ``[batch, 1, ...]`` with ``dims`` axes of one."""
    return (torch.rand(batch, generator=rng) < share).reshape(batch, *[1] * dims)


def smooth_field(rng: torch.Generator, batch: int, cells: int, size: int) -> Tensor:
    """Return a smooth random field of about unit deviation, ``[batch, 1, size, size]``."""
    coarse = torch.randn(batch, 1, cells, cells, generator=rng)
    return F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)
