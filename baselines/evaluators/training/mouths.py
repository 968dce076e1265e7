"""Mouth crops to train on: cut once, wider than the networks see, and changed at random each time."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.evaluators.landmarks.finder import find_landmarks
from syncbench.baselines.evaluators.training.decoded import Decoded
from syncbench.baselines.evaluators.training.draws import chance, smooth_field, uniform
from syncbench.features.mouths import crop_mouths

__all__ = ["STORED_SCALE", "STORED_SIDE", "augment_mouths", "stored_mouths"]

STORED_SCALE = 1.4
"""Stored crops are that much wider than what the networks see, to leave room for moving and scaling them."""
STORED_SIDE = 96


def stored_mouths(material: Decoded) -> NDArray[np.uint8]:
    """Return the mouths ``[N, 96, 96]`` of the material, cut once and kept beside it."""
    path = material.folder / "mouths.npy"
    if not path.exists():
        crops = np.empty((len(material.frames), STORED_SIDE, STORED_SIDE), np.uint8)
        for span in material:
            crops[span] = crop_mouths(material.frames[span], _points(material, span), STORED_SIDE, STORED_SCALE)
        np.save(path, crops)
    mouths: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return mouths


def _points(material: Decoded, span: slice) -> NDArray[np.float32]:
    """Return a clip's landmarks; the bundled network finds them where none came with it."""
    known = np.array(material.landmarks[span])
    return known if np.isfinite(known).any() else find_landmarks(np.stack([material.frames[span]] * 3, axis=-1))


def augment_mouths(crops: Tensor, rng: torch.Generator, size: int) -> Tensor:
    """Move, turn, scale, bend, mirror, light, blur, pollute and partly hide mouth crops, alike for all frames of a clip.

    Args:
        crops: 0..255, float [B, T, S, S], cut ``STORED_SCALE`` wider than the networks see.

    Returns:
        [B, T, size, size], 0..255.
    """
    batch, length, _, _ = crops.shape
    angle = torch.randn(batch, generator=rng) * math.radians(6)
    zoom = torch.exp(torch.randn(batch, generator=rng).clamp(-2, 2) * 0.11) / STORED_SCALE
    squeeze = torch.exp(torch.randn(batch, generator=rng) * 0.06)
    mirror = torch.where(torch.rand(batch, generator=rng) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    matrix = torch.stack([cos * squeeze * mirror, -sin / squeeze, sin * squeeze * mirror, cos / squeeze], -1)
    shift = (torch.randn(batch, 2, generator=rng) * 0.06)[:, None]  # [B, 1, 2]
    # The crop drifts a little through the clip, as one placed by estimated landmarks does.
    drift = F.interpolate(torch.randn(batch, 2, max(2, length // 6), generator=rng), size=length, mode="linear")
    shift = shift + drift.transpose(1, 2) * 0.012  # [B, T, 2]
    bend = F.interpolate(
        torch.randn(batch, 2, 3, 3, generator=rng), size=(size, size), mode="bicubic", align_corners=True
    )
    bend = bend.permute(0, 2, 3, 1) * uniform(rng, (batch, 1, 1, 1), 0, 0.04)  # [B, S, S, 2]
    axis = (torch.arange(size) + 0.5) * 2 / size - 1
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)  # [S, S, 2]
    source = torch.einsum("bij,hwj->bhwi", matrix.reshape(batch, 2, 2), grid) + bend
    source = source[:, None] + shift[:, :, None, None]  # [B, T, S, S, 2]
    x = F.grid_sample(crops.reshape(batch * length, 1, *crops.shape[2:]), source.flatten(0, 1), align_corners=False)
    x = x.reshape(batch, length, size, size)

    # Light, alike for the whole clip, with a smooth shadow and a slow flicker.
    gamma = torch.exp(torch.randn(batch, 1, 1, 1, generator=rng) * 0.35)
    x = 255 * (x / 255).clamp(1e-3, 1) ** gamma
    shade = smooth_field(rng, batch, 3, size)
    x = x * torch.exp(torch.randn(batch, 1, 1, 1, generator=rng) * 0.2) + shade * uniform(rng, (batch, 1, 1, 1), 0, 25)
    # Lost detail: a random smaller resolution, as scaling and compression leave it.
    small = int(torch.randint(20, size + 1, (1,), generator=rng))
    reduced = F.interpolate(F.interpolate(x, size=(small, small), mode="area"), size=(size, size), mode="bilinear")
    x = torch.where(chance(rng, batch, 0.4, 3), reduced, x)
    x = x + torch.randn(x.shape, generator=rng) * (uniform(rng, (batch, 1, 1, 1), -6, 10)).clamp(min=0)
    # Something in front of a corner: a hand, a microphone, a caption.
    centre, half = torch.rand(batch, 2, generator=rng) * 2 - 1, uniform(rng, (batch, 2), 0.1, 0.4)
    inside = ((grid[None] - centre[:, None, None]).abs() < half[:, None, None]).all(-1)[:, None]
    x = torch.where(inside & chance(rng, batch, 0.15, 3), uniform(rng, (batch, 1, 1, 1), 0, 255), x)
    return x.clamp(0, 255)
