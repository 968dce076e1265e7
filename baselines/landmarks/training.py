"""How the landmark network is trained: strong geometric and photometric augmentation on face crops."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from syncbench.baselines.decoded import SIDE, Decoded, check_preset, clips_of, decode
from syncbench.baselines.landmarks.network import INPUT_SIZE, MOUTH_SIZE, Landmarker, LandmarkNet, MouthNet
from syncbench.contracts import Clip
from syncbench.errors import CommandError
from syncbench.features.mouths import SIDE_PER_FACE, crop_mouths, mouth_boxes

__all__ = ["MIRROR", "MouthViews", "augment", "fit_face", "fit_mouth", "mouth_views", "read_weights", "save", "train"]

# The partner of each point when left and right change places.
MIRROR = np.array(
    [
        *(*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1)),  # jaw, brows, nose
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),  # eyes
        *(*range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65),  # lips
    ]
)

STEPS = 2500
CACHED_SCALE = 1.4
"""Mouth crops are cut that much wider than the network sees, to leave room for moving and scaling them."""
CACHED_SIDE = 96


def _uniform(rng: torch.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    return torch.rand(shape, generator=rng) * (high - low) + low


def _field(rng: torch.Generator, batch: int, cells: int, size: int) -> Tensor:
    """A smooth random field, about unit deviation, [batch, 1, size, size]."""
    coarse = torch.randn(batch, 1, cells, cells, generator=rng)
    return F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)


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
    scale = torch.exp(_uniform(rng, (batch,), math.log(zoom[0]), math.log(zoom[1])))
    squeeze = torch.exp(torch.randn(batch, generator=rng) * 0.06)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    matrix = torch.stack([cos * squeeze, -sin * squeeze, sin / squeeze, cos / squeeze], -1).reshape(batch, 2, 2)
    move = torch.randn(batch, 2, generator=rng) * shift
    bend = torch.cat([_field(rng, batch, 4, size), _field(rng, batch, 4, size)], 1)  # [B, 2, S, S]
    bend = bend * _uniform(rng, (batch, 1, 1, 1), 0.0, 0.045)
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


def _optimise(
    model: nn.Module,
    step_loss: Callable[[], tuple[Tensor, float]],
    weights: Path,
    log: Path,
    *,
    minutes: float,
    steps: int,
    rate: float,
) -> None:
    """Run the optimiser over a step's loss and error; one CSV row every 50 steps, weights every minute."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-3)
    began, saved = time.monotonic(), 0.0
    model.train()
    with log.open("a", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "seconds", "rate", "error_percent", "loss"])
        history: list[tuple[float, float]] = []
        for step in range(steps):
            elapsed = time.monotonic() - began
            progress = max(step / steps, elapsed / (60 * minutes))
            if progress >= 1:
                break
            now = rate * min(1.0, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * progress))
            for group in optimiser.param_groups:
                group["lr"] = now
            loss, error = step_loss()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            history.append((error, loss.item()))
            if step % 50 == 49:
                means = np.mean(history, axis=0)
                writer.writerow([step + 1, round(elapsed, 1), f"{now:.2e}", f"{means[0]:.3f}", f"{means[1]:.4f}"])
                file.flush()
                history.clear()
            if elapsed - saved > 60:
                saved = elapsed
                save(model, weights)
    save(model, weights)


def fit_face(
    corpora: Sequence[Decoded],
    weights: Path,
    log: Path,
    *,
    seed: int = 0,
    minutes: float = math.inf,
    steps: int = 100_000,
    batch: int = 96,
    rate: float = 2e-3,
    start: Mapping[str, Tensor] | None = None,
    device: str = "cpu",
) -> LandmarkNet:
    """Train the network that sees the whole face; equal shares of every batch come from each corpus.

    It ends after ``minutes`` or ``steps``, whichever is first; the rate follows a cosine over that budget.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    dice = np.random.default_rng(seed)
    model = LandmarkNet()
    if start is not None:
        model.load_state_dict(start)
    model.to(device=torch.device(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
    usable = [np.flatnonzero(np.isfinite(c.landmarks).all((1, 2))) for c in corpora]

    def step_loss() -> tuple[Tensor, float]:
        picks = [np.sort(dice.choice(u, batch // len(corpora))) for u in usable]
        images = np.concatenate([c.frames[p] for c, p in zip(corpora, picks, strict=True)])
        points = np.concatenate([c.landmarks[p] for c, p in zip(corpora, picks, strict=True)]) / SIDE
        x, y = augment(
            torch.from_numpy(images).float()[:, None],
            torch.from_numpy(points),
            MIRROR,
            rng,
            size=INPUT_SIZE,
            zoom=(0.58, 1.28),
            shift=0.09,
        )
        others = max(1, len(x) // 8)
        x = torch.cat([x, _faceless(x[:others], rng)]).contiguous(memory_format=torch.channels_last)
        y = y.to(device)
        with torch.autocast(torch.device(device).type, torch.bfloat16):
            found, face = model(x.to(device))
        eyes = (y[:, 36] - y[:, 45]).norm(dim=-1).clamp(min=0.05)
        distance = (found[: len(y)] - y).norm(dim=-1) / eyes[:, None]  # [B, 68]
        truth = torch.cat([torch.ones(len(y)), torch.zeros(others)]).to(device)
        loss = distance.mean() + 0.1 * F.binary_cross_entropy_with_logits(face, truth)
        return loss, 100 * distance.mean().item()

    _optimise(model, step_loss, weights, log, minutes=minutes, steps=steps, rate=rate)
    return model


@dataclass(frozen=True)
class MouthViews:
    """Mouth crops [N, 96, 96] cut wider than the network sees, and their 20 points in 0..1 across the crop."""

    crops: NDArray[np.uint8]
    points: NDArray[np.float32]


def mouth_views(corpus: Decoded) -> MouthViews:
    """Cut the mouths of a corpus and carry the lip points into the crops; frames without landmarks are left out."""
    crops, points = [], []
    for span in corpus:
        known = np.array(corpus.landmarks[span])
        boxes = mouth_boxes(known)
        if boxes is None:
            continue
        centres, sides = boxes
        found = np.isfinite(known).all((1, 2))
        crops.append(crop_mouths(corpus.frames[span], known, CACHED_SIDE, CACHED_SCALE)[found])
        inside = (known[:, 48:] - centres[:, None]) / (sides * CACHED_SCALE)[:, None, None] + 0.5
        points.append(inside[found].astype(np.float32))
    return MouthViews(np.concatenate(crops), np.concatenate(points))


def _spans(points: Tensor) -> Tensor:
    """Return what a mouth does, [B, P, 2] -> [B, 6, 2]: inner and outer opening, widths, in the points' unit."""
    first, second = torch.tensor([13, 14, 15, 3, 0, 12]), torch.tensor([19, 18, 17, 9, 6, 16])
    return points[:, second] - points[:, first]


def fit_mouth(
    views: Sequence[MouthViews],
    weights: Path,
    log: Path,
    *,
    seed: int = 0,
    minutes: float = math.inf,
    steps: int = 100_000,
    batch: int = 128,
    rate: float = 2e-3,
    start: Mapping[str, Tensor] | None = None,
    device: str = "cpu",
) -> MouthNet:
    """Train the network that sees the mouth alone: where its points are, and how far they are apart.

    Positions alone would be learned well by a network that never sees the lips part: an opening is small beside the
    places a mouth can be.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    dice = np.random.default_rng(seed)
    model = MouthNet()
    if start is not None:
        model.load_state_dict(start)
    model.to(device=torch.device(device), memory_format=torch.channels_last)  # type: ignore[call-overload]

    def step_loss() -> tuple[Tensor, float]:
        picks = [np.sort(dice.integers(0, len(v.crops), batch // len(views))) for v in views]
        crops = np.concatenate([v.crops[p] for v, p in zip(views, picks, strict=True)])
        points = np.concatenate([v.points[p] for v, p in zip(views, picks, strict=True)])
        x, y = augment(
            torch.from_numpy(crops).float()[:, None],
            torch.from_numpy(points),
            MIRROR[48:] - 48,
            rng,
            size=MOUTH_SIZE,
            zoom=(0.8 / CACHED_SCALE, 1.2 / CACHED_SCALE),
            shift=0.06,
        )
        y = y.to(device)
        with torch.autocast(torch.device(device).type, torch.bfloat16):
            found = model(x.contiguous(memory_format=torch.channels_last).to(device))
        distance = (found - y).norm(dim=-1)
        spans = (_spans(found) - _spans(y)).norm(dim=-1)
        return distance.mean() + 2 * spans.mean(), 100 * SIDE_PER_FACE * distance.mean().item()

    _optimise(model, step_loss, weights, log, minutes=minutes, steps=steps, rate=rate)
    return model


def train(
    clips: Sequence[Clip],
    folder: Path,
    *,
    preset: str = "embedded",
    stage: str | None = None,
    seed: int = 0,
    resume: bool = False,
    device: str = "cpu",
    steps: int | None = None,
    also: str = "",
    start: str = "",
    rate: str = "2e-3",
) -> Path:
    """Train the landmark network; the recipe of ``syncbench train landmarks``.

    Args:
        clips: with landmark files.
        folder: receives ``weights.safetensors``, ``log.csv`` and the decoded material.
        resume: go on from the weights in ``folder`` with a fresh optimiser.
        steps: instead of the recipe's.
        also: further data sets, ``name:root`` separated by commas; each contributes an equal share of every batch.
        start: weights of this network to start from.
        rate: highest learning rate.

    Returns:
        The file of weights.

    Raises:
        CommandError: nothing to train on.
    """
    check_preset(preset, stage)
    folder.mkdir(parents=True, exist_ok=True)
    weights, log = folder / "weights.safetensors", folder / "log.csv"
    groups = [list(clips)] + ([clips_of(also, "train")] if also else [])
    corpora = [decode(group, folder / "decoded") for group in groups]
    if any(not np.isfinite(c.landmarks).any() for c in corpora):
        raise CommandError("these clips have no landmark files, so there is nothing to learn landmarks from")
    both = Landmarker()
    known = weights if resume and weights.exists() else Path(start) if start else None
    if known is not None:
        both.load_state_dict(read_weights(known))
    views = [mouth_views(corpus) for corpus in corpora]
    both.face.load_state_dict(
        fit_face(
            corpora, folder / "face.safetensors", log, seed=seed, steps=steps or STEPS, rate=float(rate),
            start=both.face.state_dict() if known else None, device=device,
        ).state_dict()
    )  # fmt: skip
    both.mouth.load_state_dict(
        fit_mouth(
            views, folder / "mouth.safetensors", log, seed=seed, steps=steps or STEPS, rate=float(rate),
            start=both.mouth.state_dict() if known else None, device=device,
        ).state_dict()
    )  # fmt: skip
    save(both, weights)
    return weights


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file in single precision."""
    return {k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()}


def save(model: nn.Module, path: Path) -> None:
    """Write the weights in half precision, whole or not at all."""
    tensors = {k: v.half().contiguous() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    part = path.with_suffix(".part")
    save_file(tensors, part)
    part.replace(path)
