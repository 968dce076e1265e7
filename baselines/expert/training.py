"""How the sync expert is trained: contrast among the windows of one clip, under strong augmentation.

Negatives come from the same clip alone. Windows of other clips would be told apart by who speaks, which is no part of
synchrony and would not carry over to other talkers.
"""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from syncbench.baselines.decoded import Decoded, check_preset, clips_of, decode
from syncbench.baselines.expert.audio import BANDS, COLUMNS_PER_FRAME, log_mel
from syncbench.baselines.expert.network import MOUTH, SyncExpert, standardise
from syncbench.baselines.landmarks import find_landmarks
from syncbench.contracts import SAMPLES_PER_FRAME, Clip
from syncbench.features.mouths import crop_mouths

__all__ = [
    "CACHED_SCALE",
    "CACHED_SIDE",
    "Prepared",
    "augment_mel",
    "augment_mouths",
    "fit",
    "losses",
    "prepare",
    "train",
]

CACHED_SCALE = 1.4
"""Cached crops are that much wider than what the networks see, to leave room for moving and scaling them."""
CACHED_SIDE = 96
CURVE_REACH = 10  # frames
STEPS = 2500


@dataclass(frozen=True)
class Prepared:
    """A corpus's mouths [N, 96, 96] and log-mel columns [4 N, 40], and where its clips begin."""

    mouths: NDArray[np.uint8]
    mel: NDArray[np.float32]
    starts: NDArray[np.int64]


def prepare(corpus: Decoded) -> Prepared:
    """Crop the mouths and analyse the speech of a corpus, once: the results are kept beside it."""
    mouths, mel = corpus.folder / "mouths.npy", corpus.folder / "mel.npy"
    if not (mouths.exists() and mel.exists()):
        crops = np.empty((len(corpus.frames), CACHED_SIDE, CACHED_SIDE), np.uint8)
        columns = np.empty((len(corpus.frames) * COLUMNS_PER_FRAME, BANDS), np.float32)
        for span in corpus:
            a, b = span.start, span.stop
            crops[a:b] = crop_mouths(corpus.frames[a:b], _points(corpus, span), CACHED_SIDE, CACHED_SCALE)
            speech = np.array(corpus.audio[a * SAMPLES_PER_FRAME : b * SAMPLES_PER_FRAME])
            columns[a * COLUMNS_PER_FRAME : b * COLUMNS_PER_FRAME] = log_mel(speech, b - a)
        np.save(mouths, crops)
        np.save(mel, columns)
    return Prepared(np.load(mouths, mmap_mode="r"), np.load(mel), corpus.starts)


def _points(corpus: Decoded, span: slice) -> NDArray[np.float32]:
    """Return a clip's landmarks; the bundled network finds them where none came with it."""
    known = np.array(corpus.landmarks[span])
    return known if np.isfinite(known).any() else find_landmarks(np.stack([corpus.frames[span]] * 3, axis=-1))


def _uniform(rng: torch.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    return torch.rand(shape, generator=rng) * (high - low) + low


def _chance(rng: torch.Generator, batch: int, share: float, dims: int) -> Tensor:
    return (torch.rand(batch, generator=rng) < share).reshape(batch, *[1] * dims)


def augment_mouths(crops: Tensor, rng: torch.Generator, size: int = MOUTH) -> Tensor:
    """Move, turn, scale, bend, mirror, light, blur, pollute and partly hide mouth crops, alike for all frames of a clip.

    Args:
        crops: 0..255, float [B, T, S, S], cut ``CACHED_SCALE`` wider than the networks see.

    Returns:
        [B, T, size, size], 0..255.
    """
    batch, length, _, _ = crops.shape
    angle = torch.randn(batch, generator=rng) * math.radians(6)
    zoom = torch.exp(torch.randn(batch, generator=rng).clamp(-2, 2) * 0.11) / CACHED_SCALE
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
    bend = bend.permute(0, 2, 3, 1) * _uniform(rng, (batch, 1, 1, 1), 0, 0.04)  # [B, S, S, 2]
    axis = (torch.arange(size) + 0.5) * 2 / size - 1
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)  # [S, S, 2]
    source = torch.einsum("bij,hwj->bhwi", matrix.reshape(batch, 2, 2), grid) + bend
    source = source[:, None] + shift[:, :, None, None]  # [B, T, S, S, 2]
    x = F.grid_sample(crops.reshape(batch * length, 1, *crops.shape[2:]), source.flatten(0, 1), align_corners=False)
    x = x.reshape(batch, length, size, size)

    # Light, alike for the whole clip, with a smooth shadow and a slow flicker.
    gamma = torch.exp(torch.randn(batch, 1, 1, 1, generator=rng) * 0.35)
    x = 255 * (x / 255).clamp(1e-3, 1) ** gamma
    shade = F.interpolate(
        torch.randn(batch, 1, 3, 3, generator=rng), size=(size, size), mode="bicubic", align_corners=True
    )
    x = x * torch.exp(torch.randn(batch, 1, 1, 1, generator=rng) * 0.2) + shade * _uniform(rng, (batch, 1, 1, 1), 0, 25)
    # Lost detail: a random smaller resolution, as scaling and compression leave it.
    small = int(torch.randint(20, size + 1, (1,), generator=rng))
    reduced = F.interpolate(F.interpolate(x, size=(small, small), mode="area"), size=(size, size), mode="bilinear")
    x = torch.where(_chance(rng, batch, 0.4, 3), reduced, x)
    x = x + torch.randn(x.shape, generator=rng) * (_uniform(rng, (batch, 1, 1, 1), -6, 10)).clamp(min=0)
    # Something in front of a corner: a hand, a microphone, a caption.
    centre, half = torch.rand(batch, 2, generator=rng) * 2 - 1, _uniform(rng, (batch, 2), 0.1, 0.4)
    inside = ((grid[None] - centre[:, None, None]).abs() < half[:, None, None]).all(-1)[:, None]
    x = torch.where(inside & _chance(rng, batch, 0.15, 3), _uniform(rng, (batch, 1, 1, 1), 0, 255), x)
    return x.clamp(0, 255)


def augment_mel(mel: Tensor, rng: torch.Generator) -> Tensor:
    """Change voice, room and level of log-mel spectra [B, 4 T, 40] (units of :func:`log_mel`), alike for a whole clip."""
    batch, columns, bands = mel.shape
    # Another vocal tract: the band axis stretched and shifted.
    stretch, move = torch.exp(torch.randn(batch, 1, generator=rng) * 0.1), torch.randn(batch, 1, generator=rng) * 1.2
    place = ((torch.arange(bands) * stretch + move).clamp(0, bands - 1))[:, None].expand(-1, columns, -1)
    low = place.floor().long().clamp(max=bands - 2)
    share = place - low
    x = mel.gather(2, low) * (1 - share) + mel.gather(2, low + 1) * share
    # Another microphone and level.
    curve = F.interpolate(torch.randn(batch, 1, 5, generator=rng), size=bands, mode="linear", align_corners=True)
    x = x + curve * _uniform(rng, (batch, 1, 1), 0, 0.15) + torch.randn(batch, 1, 1, generator=rng) * 0.06
    # Stationary noise of a random colour, added in power.
    colour = (
        F.interpolate(torch.randn(batch, 1, 4, generator=rng), size=bands, mode="linear", align_corners=True) * 0.12
    )
    noise = _uniform(rng, (batch, 1, 1), -1.5, -0.3) + colour + torch.randn(x.shape, generator=rng) * 0.06
    noisy = torch.logaddexp(7 * x, 7 * noise) / 7
    x = torch.where(_chance(rng, batch, 0.6, 2), noisy, x)
    x = x + torch.randn(x.shape, generator=rng) * 0.02
    # A few bands missing.
    start, wide = torch.randint(0, bands, (batch, 1), generator=rng), torch.randint(1, 7, (batch, 1), generator=rng)
    index = torch.arange(bands)
    gone = ((index >= start) & (index < start + wide))[:, None] & _chance(rng, batch, 0.3, 2)
    return torch.where(gone, x.mean(dim=2, keepdim=True), x).clamp(-1, 1)


def losses(video: Tensor, audio: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Return the contrastive loss and the curve loss of embeddings [B, n, D].

    The first asks each window to find its partner among the windows of its clip, both ways. The second asks what LSE
    asks: that the mean distance over the clip be smallest where nothing is shifted.
    """
    batch, count, _ = video.shape
    similarity = torch.einsum("bid,bjd->bij", video, audio)  # [B, n, n]
    logits = (similarity * scale).flatten(0, 1)
    backward = (similarity.transpose(1, 2) * scale).flatten(0, 1)
    target = torch.arange(count, device=video.device).repeat(batch)
    contrast = (F.cross_entropy(logits, target) + F.cross_entropy(backward, target)) / 2
    distance = (2 - 2 * similarity + 1e-4).sqrt()
    reach = min(CURVE_REACH, count // 2)
    means = torch.stack([distance.diagonal(s, 1, 2).mean(-1) for s in range(-reach, reach + 1)], -1)  # [B, 2 reach + 1]
    curve = F.cross_entropy(-40 * means, torch.full((batch,), reach, device=video.device))
    return contrast, curve


def fit(
    corpora: Sequence[Prepared],
    weights: Path,
    log: Path,
    *,
    shares: Sequence[float],
    seed: int = 0,
    minutes: float = math.inf,
    steps: int = 100_000,
    clips: int = 8,
    frames: int = 40,
    rate: float = 2e-3,
    start: Path | None = None,
    device: str = "cpu",
) -> None:
    """Train the sync expert and write it to ``weights``; one CSV row of ``log`` every 25 steps.

    Args:
        corpora, shares: where the clips come from, and how much of each batch is drawn from each.
        minutes, steps: it ends at whichever is reached first; the rate follows a cosine over that budget.
        clips, frames: a batch is so many pieces of so many frames.
        start: weights to go on from.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    dice = np.random.default_rng(seed)
    model = SyncExpert()
    model.to(device=torch.device(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
    if start is not None:
        model.load_state_dict({k: v.float() for k, v in load_file(start).items()})
    decay = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.02}, {"params": rest, "weight_decay": 0.0}], lr=rate
    )
    usable = [np.flatnonzero(np.diff(c.starts) >= frames) for c in corpora]
    odds = np.asarray(shares) / sum(shares)
    began, saved = time.monotonic(), 0.0
    model.train()
    with log.open("a", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "seconds", "rate", "contrast", "curve", "found_percent", "scale"])
        history: list[tuple[float, float, float]] = []
        for step in range(steps):
            elapsed = time.monotonic() - began
            progress = max(step / steps, elapsed / (60 * minutes))
            if progress >= 1:
                break
            now = rate * min(1.0, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * progress))
            for group in optimiser.param_groups:
                group["lr"] = now
            mouths, mels = [], []
            for _ in range(clips):
                which = int(dice.choice(len(corpora), p=odds))
                corpus = corpora[which]
                clip = int(dice.choice(usable[which]))
                first = int(dice.integers(corpus.starts[clip], corpus.starts[clip + 1] - frames + 1))
                mouths.append(torch.from_numpy(np.array(corpus.mouths[first : first + frames])))
                columns = slice(first * COLUMNS_PER_FRAME, (first + frames) * COLUMNS_PER_FRAME)
                mels.append(torch.from_numpy(corpus.mel[columns]))
            seen = standardise(augment_mouths(torch.stack(mouths).float(), rng))
            heard = augment_mel(torch.stack(mels), rng)
            with torch.autocast(torch.device(device).type, torch.bfloat16):
                video = model.embed_video(seen.to(device))
                audio = model.embed_audio(heard.to(device))
            contrast, curve = losses(video, audio, model.log_scale.exp().clamp(max=40))
            optimiser.zero_grad(set_to_none=True)
            (contrast + 0.3 * curve).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            optimiser.step()
            with torch.no_grad():
                best = torch.einsum("bid,bjd->bij", video, audio).argmax(-1)
                found = 100 * float((best == torch.arange(best.shape[1], device=best.device)).float().mean())
            history.append((contrast.item(), curve.item(), found))
            if step % 25 == 24:
                means = np.mean(history, axis=0)
                row = [step + 1, round(elapsed, 1), f"{now:.2e}", *[f"{m:.4f}" for m in means]]
                writer.writerow([*row, f"{model.log_scale.exp().item():.2f}"])
                file.flush()
                history.clear()
            if elapsed - saved > 60:
                saved = elapsed
                _save(model, weights)
    _save(model, weights)


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
    """Train the sync expert; the recipe of ``syncbench train expert``.

    Args:
        clips: of faces speaking in sync.
        folder: receives ``weights.safetensors``, ``log.csv`` and the decoded material.
        resume: go on from the weights in ``folder``, which are written every minute, with a fresh optimiser.
        steps: instead of the recipe's.
        also: further data sets, ``name:root`` separated by commas; all together are drawn as often as ``clips``.
        start: weights of this network to start from.
        rate: highest learning rate.

    Returns:
        The file of weights.

    Raises:
        CommandError: nothing to train on.
    """
    check_preset(preset, stage)
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.safetensors"
    groups = [list(clips)] + ([clips_of(also, "train")] if also else [])
    corpora = [prepare(decode(group, folder / "decoded")) for group in groups]
    fit(
        corpora,
        weights,
        folder / "log.csv",
        shares=[1.0] * len(corpora),
        seed=seed,
        steps=steps or STEPS,
        rate=float(rate),
        start=weights if resume and weights.exists() else Path(start) if start else None,
        device=device,
    )
    return weights


def _save(model: SyncExpert, path: Path) -> None:
    tensors = {k: v.half().contiguous() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    part = path.with_suffix(".part")
    save_file(tensors, part)
    part.replace(path)
