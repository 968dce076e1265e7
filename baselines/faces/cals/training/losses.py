"""CALS-style losses: masked lip units, and the visual discriminative term of the sync critic (both ASSUMED forms)."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["discriminative", "masked_units", "spans"]


def spans(rng: np.random.Generator, count: int, frames: int, ratio: float, span: int) -> NDArray[np.bool_]:
    """Return which frames are masked, bool ``[count, frames]``: spans of at least ``span`` frames.

    Spans are laid at random places until at least ``ratio`` of the frames is masked; a window too short for a span
    and one visible frame is not masked, and neither is any where ``ratio`` is zero.
    """
    masked = np.zeros((count, frames), dtype=bool)
    if ratio <= 0 or frames <= span:
        return masked
    wanted = ratio * frames
    for row in masked:
        while row.sum() < wanted:
            length = min(span + int(rng.integers(0, span)), frames - 1)
            start = int(rng.integers(0, frames - length + 1))
            row[start : start + length] = True
        if row.all():
            row[int(rng.integers(0, frames))] = False
    return masked


def masked_units(units: Tensor, lips: Tensor, masked: Tensor, unmasked_weight: float) -> Tensor:
    """Return the mean absolute error of units ``[B, W, D]`` over masked frames plus the weighted one over the rest."""
    error = (units.float() - lips.detach().float()).abs().mean(dim=2)  # [B, W]
    weights = masked.float()
    hidden = (error * weights).sum() / weights.sum().clamp(min=1)
    shown = (error * (1 - weights)).sum() / (1 - weights).sum().clamp(min=1)
    return hidden + unmasked_weight * shown


def discriminative(generated: Tensor, real: Tensor, valid: Tensor, right: int, temperature: float = 0.07) -> Tensor:
    """Return the InfoNCE over time of visual embeddings: a generated window must look like its own real window.

    Args:
        generated: ``[B, D]``, unit length.
        real: ``[B, J, D]``, unit length, real windows at J times of the same clip.
        valid: bool ``[B, J]``; times outside the clip are left out.
        right: the index among J of the generated window's own time.
    """
    with torch.autocast(generated.device.type, enabled=False):
        logits = torch.einsum("bd,bjd->bj", generated.float(), real.float()) / temperature
        logits = logits.masked_fill(~valid, float("-inf"))
        return F.cross_entropy(logits, torch.full((len(logits),), right, device=logits.device))
