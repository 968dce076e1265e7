"""Face and mouth crops with their points, warped, mirrored, lit and hidden at random; and crops without a face."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.evaluators.training.draws import smooth_field, uniform

__all__ = ["MIRROR", "augment", "faceless"]

# The partner of each point when left and right change places.
MIRROR = np.array(
    [
        *(*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1)),  # jaw, brows, nose
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),  # eyes
        *(*range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65),  # lips
    ]
)


def augment(
    images: Tensor,
    points: Tensor,
    partners: NDArray[np.intp],
    rng: torch.Generator,
    *,
    size: int,
    zoom: tuple[float, float],
    shift: float,
) -> tuple[Tensor, Tensor]:
    """Warp, light, blur, hide and pollute pictures, the points moving with them.

    Args:
        images: float [B, 1, H, H], 0..255. points: [B, P, 2], 0..1 across the image, NaN where unknown.
        partners: which point each becomes in the mirror.
        size: side of the result in pixels.
        zoom: smallest and largest part of the image that is seen; shift: deviation of its centre, in halves of the image.

    Returns:
        images [B, 1, size, size] and points [B, P, 2].
    """
    batch = len(images)
    mirrored = torch.rand(batch, generator=rng) < 0.5
    images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    flipped = points[:, torch.from_numpy(partners)] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
    points = torch.where(mirrored[:, None, None], flipped, points)

    # The map from where a pixel will be (p) to where it is taken from: q = M p + t + d(p), all in -1..1.
    angle = torch.randn(batch, generator=rng) * math.radians(9)
    scale = torch.exp(uniform(rng, (batch,), math.log(zoom[0]), math.log(zoom[1])))
    squeeze = torch.exp(torch.randn(batch, generator=rng) * 0.06)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    matrix = torch.stack([cos * squeeze, -sin * squeeze, sin / squeeze, cos / squeeze], -1).reshape(batch, 2, 2)
    move = torch.randn(batch, 2, generator=rng) * shift
    bend = torch.cat([smooth_field(rng, batch, 4, size), smooth_field(rng, batch, 4, size)], 1)  # [B, 2, S, S]
    bend = bend * uniform(rng, (batch, 1, 1, 1), 0.0, 0.045)
    axis = (torch.arange(size) + 0.5) * 2 / size - 1
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)  # [S, S, 2]
    source = torch.einsum("bij,hwj->bhwi", matrix, grid) + move[:, None, None] + bend.permute(0, 2, 3, 1)
    # Prefilter when the crop is reduced: averaging 2x2 samples is enough at these factors.
    warped = F.grid_sample(images, source, mode="bilinear", padding_mode="border", align_corners=False)

    wanted = points * 2 - 1
    known = torch.nan_to_num(wanted)
    found = known
    inverse = torch.linalg.inv(matrix)
    for _ in range(4):  # invert q = M p + t + d(p) by fixed point: the bend is gentle
        d = F.grid_sample(bend, found[:, :, None], padding_mode="border", align_corners=False)[..., 0].transpose(1, 2)
        found = torch.einsum("bij,bkj->bki", inverse, known - move[:, None] - d)
    moved = torch.where(wanted.isnan(), wanted, found) / 2 + 0.5

    # Light: contrast, brightness, gamma, and a smooth shadow.
    gain = torch.exp(torch.randn(batch, 1, 1, 1, generator=rng) * 0.25)
    gamma = torch.exp(torch.randn(batch, 1, 1, 1, generator=rng) * 0.25)
    x = 255 * (warped / 255).clamp(1e-3, 1) ** gamma
    shade = smooth_field(rng, batch, 3, size) * uniform(rng, (batch, 1, 1, 1), 0, 30)
    x = (x - 128) * gain + 128 + torch.randn(batch, 1, 1, 1, generator=rng) * 20 + shade
    # Blur some, add noise to some, hide a rectangle in some.
    k = int(torch.randint(0, 3, (1,), generator=rng))
    blurred = F.avg_pool2d(x, 2 * k + 1, 1, k, count_include_pad=False)
    x = torch.where((torch.rand(batch, generator=rng) < 0.3)[:, None, None, None], blurred, x)
    x = x + torch.randn(x.shape, generator=rng) * uniform(rng, (batch, 1, 1, 1), 0, 10)
    centre, half = torch.rand(batch, 2, generator=rng) * 2 - 1, uniform(rng, (batch, 2), 0.08, 0.35)
    inside = ((grid[None] - centre[:, None, None]).abs() < half[:, None, None]).all(-1)[:, None]  # [B, 1, S, S]
    hidden = inside & (torch.rand(batch, generator=rng) < 0.25)[:, None, None, None]
    x = torch.where(hidden, uniform(rng, (batch, 1, 1, 1), 0, 255), x)
    return x.clamp(0, 255), moved


def faceless(images: Tensor, rng: torch.Generator) -> Tensor:
    """Turn face crops ``[B, 1, S, S]`` into crops without a face: shuffled tiles, flat or noisy fields."""
    batch, _, size, _ = images.shape
    tile = size // 4
    tiles = images.reshape(batch, 4, tile, 4, tile).permute(0, 1, 3, 2, 4).reshape(batch, 16, tile, tile)
    order = torch.argsort(torch.rand(batch, 16, generator=rng), dim=1)
    tiles = tiles[torch.arange(batch)[:, None], order]
    shuffled = tiles.reshape(batch, 4, 4, tile, tile).permute(0, 1, 3, 2, 4).reshape(batch, 1, size, size)
    flat = uniform(rng, (batch, 1, 1, 1), 0, 255) + smooth_field(rng, batch, 6, size) * uniform(
        rng, (batch, 1, 1, 1), 0, 60
    )
    return torch.where((torch.rand(batch, generator=rng) < 0.5)[:, None, None, None], shuffled, flat).clamp(0, 255)
