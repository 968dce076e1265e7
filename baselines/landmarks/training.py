"""How the landmark network is trained: strong geometric and photometric augmentation on face crops."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from syncbench.baselines.decoded import SIDE, Decoded
from syncbench.baselines.landmarks.network import INPUT_SIZE, LandmarkNet

__all__ = ["MIRROR", "augment", "fit"]

# The partner of each point when left and right change places.
MIRROR = np.array(
    [*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1)]
    + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    + [*range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65]
)


def _uniform(rng: torch.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    return torch.rand(shape, generator=rng) * (high - low) + low


def _field(rng: torch.Generator, batch: int, cells: int, size: int) -> Tensor:
    """A smooth random field, about unit deviation, [batch, 1, size, size]."""
    coarse = torch.randn(batch, 1, cells, cells, generator=rng)
    return F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)


def augment(images: Tensor, points: Tensor, rng: torch.Generator, size: int = INPUT_SIZE) -> tuple[Tensor, Tensor]:
    """Warp, light, blur, hide and pollute face crops, the points moving with them.

    Args:
        images: float [B, 1, H, H], 0..255. points: [B, 68, 2], 0..1 across the image, NaN where unknown.

    Returns:
        images [B, 1, size, size] and points [B, 68, 2].
    """
    batch = len(images)
    mirrored = torch.rand(batch, generator=rng) < 0.5
    images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    flipped = points[:, torch.from_numpy(MIRROR)] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
    points = torch.where(mirrored[:, None, None], flipped, points)

    # The map from where a pixel will be (p) to where it is taken from: q = M p + t + d(p), all in -1..1.
    angle = torch.randn(batch, generator=rng) * math.radians(9)
    scale = torch.exp(_uniform(rng, (batch,), -0.55, 0.25))
    squeeze = torch.exp(torch.randn(batch, generator=rng) * 0.06)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    matrix = torch.stack([cos * squeeze, -sin * squeeze, sin / squeeze, cos / squeeze], -1).reshape(batch, 2, 2)
    shift = torch.randn(batch, 2, generator=rng) * 0.09
    bend = torch.cat([_field(rng, batch, 4, size), _field(rng, batch, 4, size)], 1)  # [B, 2, S, S]
    bend = bend * _uniform(rng, (batch, 1, 1, 1), 0.0, 0.045)
    axis = (torch.arange(size) + 0.5) * 2 / size - 1
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)  # [S, S, 2]
    source = torch.einsum("bij,hwj->bhwi", matrix, grid) + shift[:, None, None] + bend.permute(0, 2, 3, 1)
    # Prefilter when the crop is reduced: averaging 2x2 samples is enough at these factors.
    warped = F.grid_sample(images, source, mode="bilinear", padding_mode="border", align_corners=False)

    wanted = points * 2 - 1
    known = torch.nan_to_num(wanted)
    found = known
    inverse = torch.linalg.inv(matrix)
    for _ in range(4):  # invert q = M p + t + d(p) by fixed point: the bend is gentle
        d = F.grid_sample(bend, found[:, :, None], padding_mode="border", align_corners=False)[..., 0].transpose(1, 2)
        found = torch.einsum("bij,bkj->bki", inverse, known - shift[:, None] - d)
    moved = torch.where(wanted.isnan(), wanted, found) / 2 + 0.5

    # Light: contrast, brightness, gamma, and a smooth shadow.
    gain = torch.exp(torch.randn(batch, 1, 1, 1, generator=rng) * 0.25)
    gamma = torch.exp(torch.randn(batch, 1, 1, 1, generator=rng) * 0.25)
    x = 255 * (warped / 255).clamp(1e-3, 1) ** gamma
    shade = _field(rng, batch, 3, size) * _uniform(rng, (batch, 1, 1, 1), 0, 30)
    x = (x - 128) * gain + 128 + torch.randn(batch, 1, 1, 1, generator=rng) * 20 + shade
    # Blur some, add noise to some, hide a rectangle in some.
    k = int(torch.randint(0, 3, (1,), generator=rng))
    blurred = F.avg_pool2d(x, 2 * k + 1, 1, k, count_include_pad=False)
    x = torch.where((torch.rand(batch, generator=rng) < 0.3)[:, None, None, None], blurred, x)
    x = x + torch.randn(x.shape, generator=rng) * _uniform(rng, (batch, 1, 1, 1), 0, 10)
    centre, half = torch.rand(batch, 2, generator=rng) * 2 - 1, _uniform(rng, (batch, 2), 0.08, 0.35)
    inside = ((grid[None] - centre[:, None, None]).abs() < half[:, None, None]).all(-1)[:, None]  # [B, 1, S, S]
    hidden = inside & (torch.rand(batch, generator=rng) < 0.25)[:, None, None, None]
    x = torch.where(hidden, _uniform(rng, (batch, 1, 1, 1), 0, 255), x)
    return x.clamp(0, 255), moved


def _faceless(images: Tensor, rng: torch.Generator) -> Tensor:
    """Turn face crops into crops without a face: shuffled tiles, flat or noisy fields. [B, 1, S, S]"""
    batch, _, size, _ = images.shape
    tile = size // 4
    tiles = images.reshape(batch, 4, tile, 4, tile).permute(0, 1, 3, 2, 4).reshape(batch, 16, tile, tile)
    order = torch.argsort(torch.rand(batch, 16, generator=rng), dim=1)
    tiles = tiles[torch.arange(batch)[:, None], order]
    shuffled = tiles.reshape(batch, 4, 4, tile, tile).permute(0, 1, 3, 2, 4).reshape(batch, 1, size, size)
    flat = _uniform(rng, (batch, 1, 1, 1), 0, 255) + _field(rng, batch, 6, size) * _uniform(
        rng, (batch, 1, 1, 1), 0, 60
    )
    return torch.where((torch.rand(batch, generator=rng) < 0.5)[:, None, None, None], shuffled, flat).clamp(0, 255)


def fit(
    corpora: Sequence[Decoded],
    weights: Path,
    log: Path,
    *,
    shares: Sequence[float],
    seed: int = 0,
    minutes: float = 10.0,
    steps: int = 100_000,
    batch: int = 96,
    rate: float = 2e-3,
    start: Path | None = None,
) -> None:
    """Train the landmark network and write it to ``weights``; one CSV row of ``log`` every 50 steps.

    Args:
        corpora, shares: where the faces come from, and how much of each batch is drawn from each.
        minutes, steps: it ends at whichever is reached first; the rate follows a cosine over that budget.
        start: weights to go on from.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    dice = np.random.default_rng(seed)
    model = LandmarkNet().to(memory_format=torch.channels_last)
    if start is not None:
        model.load_state_dict({k: v.float() for k, v in load_file(start).items()})
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-3)
    usable = [np.flatnonzero(np.isfinite(c.landmarks).all((1, 2))) for c in corpora]
    counts = [round(batch * s / sum(shares)) for s in shares]
    began, saved = time.monotonic(), 0.0
    model.train()
    with log.open("a", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "seconds", "rate", "error_percent", "face_loss"])
        errors: list[float] = []
        for step in range(steps):
            elapsed = time.monotonic() - began
            progress = max(step / steps, elapsed / (60 * minutes))
            if progress >= 1:
                break
            now = rate * min(1.0, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * progress))
            for group in optimiser.param_groups:
                group["lr"] = now
            picks = [dice.choice(u, n) for u, n in zip(usable, counts, strict=True)]
            images = np.concatenate([c.frames[np.sort(p)] for c, p in zip(corpora, picks, strict=True)])
            points = np.concatenate([c.landmarks[np.sort(p)] for c, p in zip(corpora, picks, strict=True)]) / SIDE
            x, y = augment(torch.from_numpy(images).float()[:, None], torch.from_numpy(points), rng)
            others = max(1, len(x) // 12)
            x = torch.cat([x, _faceless(x[:others], rng)]).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                found, face = model(x)
            eyes = (y[:, 36] - y[:, 45]).norm(dim=-1).clamp(min=0.05)
            distance = (found[: len(y)] - y).norm(dim=-1) / eyes[:, None]  # [B, 68]
            weight = torch.ones(68)
            weight[48:] = 2.0
            loss_points = (distance * weight).mean()
            truth = torch.cat([torch.ones(len(y)), torch.zeros(others)])
            loss_face = F.binary_cross_entropy_with_logits(face, truth)
            optimiser.zero_grad(set_to_none=True)
            (loss_points + 0.02 * loss_face).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            errors.append(100 * distance.mean().item())
            if step % 50 == 49:
                row = [step + 1, round(elapsed, 1), f"{now:.2e}", f"{np.mean(errors):.3f}", f"{loss_face.item():.4f}"]
                writer.writerow(row)
                file.flush()
                errors.clear()
            if elapsed - saved > 60:
                saved = elapsed
                _save(model, weights)
    _save(model, weights)


def _save(model: LandmarkNet, path: Path) -> None:
    tensors = {k: v.half().contiguous() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    part = path.with_suffix(".part")
    save_file(tensors, part)
    part.replace(path)
