"""How the lip reader is trained: first its words on the sync expert's view of the mouths, then all of it together."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from syncbench.baselines.decoded import check_preset, clips_of, decode
from syncbench.baselines.expert.evaluator import WEIGHTS as EXPERT
from syncbench.baselines.expert.network import standardise
from syncbench.baselines.expert.training import augment_mouths, prepare
from syncbench.baselines.lipreader.network import (
    BLANK,
    STEPS_PER_FRAME,
    LipReader,
    encode,
    encode_words,
    spell,
)
from syncbench.baselines.lipreader.vocabulary import KNOWN_WORDS
from syncbench.contracts import FPS, Clip, Word
from syncbench.errors import CommandError

__all__ = [
    "Material",
    "fit_all",
    "fit_words",
    "look_at",
    "save",
    "start_from_expert",
    "train",
    "warp_times",
    "words_said",
]

WORD_STEPS = 3000
STEPS = 2000
VIEWS = 4


@dataclass(frozen=True)
class Material:
    """Cached mouths [N, 96, 96] of many clips, where each begins, what it says, and which known word each frame says."""

    mouths: NDArray[np.uint8]
    starts: NDArray[np.int64]
    texts: tuple[str, ...]
    said: NDArray[np.int64]


def words_said(starts: NDArray[np.int64], words: Sequence[Sequence[Word]]) -> NDArray[np.int64]:
    """Return the known word that is said in each frame [N]: 0 in silence, -1 for unknown words and clips without times."""
    said = np.full(int(starts[-1]), -1)
    for first, last, spoken in zip(starts[:-1].tolist(), starts[1:].tolist(), words, strict=True):
        if not spoken:
            continue
        said[first:last] = BLANK
        for word in spoken:
            a, b = first + round(word.start * FPS), first + round(word.end * FPS)
            known = KNOWN_WORDS.index(word.text) if word.text in KNOWN_WORDS else -1
            said[a : min(b, last)] = known
    return said


def warp_times(length: int, dice: np.random.Generator) -> NDArray[np.int64]:
    """Return the source frame of each frame of a clip said up to 12 % quicker or slower."""
    wanted = max(2, round(length * float(dice.uniform(0.88, 1.12))))
    return np.rint(np.linspace(0, length - 1, wanted)).astype(np.int64)


def look_at(model: LipReader, material: Material, versions: int, seed: int) -> NDArray[np.float16]:
    """Return the trunk's view of every frame under ``versions`` augmentations, float16 [versions, N, 256].

    Training the words on these costs a hundredth of running the trunk each time.
    """
    rng = torch.Generator().manual_seed(seed)
    views = np.empty((versions, len(material.mouths), 256), np.float16)
    model.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for version in range(versions):
            for a, b in zip(material.starts[:-1].tolist(), material.starts[1:].tolist(), strict=True):
                crops = torch.from_numpy(np.array(material.mouths[a:b])).float()[None]
                views[version, a:b] = model.look(standardise(augment_mouths(crops, rng)))[0].half().numpy()
    return views


def _batches(sizes: NDArray[np.int64], batch: int, dice: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield clips of about equal length together, in random order, for ever."""
    while True:
        order = np.argsort(sizes + dice.uniform(0, 6, len(sizes)), kind="stable")
        groups = [order[k : k + batch] for k in range(0, len(order), batch)]
        for k in dice.permutation(len(groups)):
            yield groups[k]


def _clips(
    materials: Sequence[Material], batch: int, dice: np.random.Generator
) -> tuple[list[tuple[int, int]], Iterator[NDArray[np.int64]]]:
    """Return every clip as (material, number), and batches of their indices."""
    clips = [(m, k) for m, material in enumerate(materials) for k in range(len(material.texts))]
    sizes = np.array([materials[m].starts[k + 1] - materials[m].starts[k] for m, k in clips])
    return clips, _batches(sizes, batch, dice)


def _times(material: Material, clip: int, dice: np.random.Generator) -> NDArray[np.int64]:
    """Return the frames of a clip, at another speed."""
    first, last = int(material.starts[clip]), int(material.starts[clip + 1])
    return first + warp_times(last - first, dice)


def _padded(pieces: Sequence[Tensor]) -> Tensor:
    """Stack clips, the last frame of the shorter ones held."""
    longest = max(len(p) for p in pieces)
    return torch.stack([torch.cat([p, p[-1:].expand(longest - len(p), *p.shape[1:])]) for p in pieces])


def _spoken(
    materials: Sequence[Material], picked: Sequence[tuple[int, int]], times: Sequence[NDArray[np.int64]]
) -> _Batch:
    said = _padded([torch.from_numpy(materials[m].said[t]) for (m, _), t in zip(picked, times, strict=True)])
    return _Batch(tuple(materials[m].texts[k] for m, k in picked), tuple(len(t) for t in times), said)


def _hide(x: Tensor, rng: torch.Generator) -> Tensor:
    """Blank one or two short spans of each clip, [B, T, ...]: context must fill them."""
    batch, length = x.shape[:2]
    times = torch.arange(length)
    for _ in range(2):
        start = torch.randint(0, length, (batch, 1), generator=rng)
        wide = torch.randint(0, 7, (batch, 1), generator=rng)
        gone = (times >= start) & (times < start + wide)
        x = x.masked_fill(gone.reshape(batch, length, *[1] * (x.ndim - 2)), 0.0)
    return x


@dataclass(frozen=True)
class _Batch:
    """What the clips of a batch say, and how long each is in frames; ``said`` is [B, T], -1 where unknown."""

    texts: tuple[str, ...]
    lengths: tuple[int, ...]
    said: Tensor


def _loss(answer: tuple[Tensor, Tensor, Tensor], batch: _Batch) -> Tensor:
    """CTC over characters, CTC over known words where all are known, and the word being said, frame by frame."""
    letters, words, times = answer
    frames = torch.tensor(batch.lengths)
    loss = _ctc(letters, [encode(t) for t in batch.texts], frames * STEPS_PER_FRAME)
    known = [k for k, t in enumerate(batch.texts) if len(encode_words(t)) == len(t.split())]
    if known:
        loss = loss + 0.5 * _ctc(words[known], [encode_words(batch.texts[k]) for k in known], frames[known])
    if (batch.said >= 0).any():
        loss = loss + 0.5 * F.nll_loss(times.flatten(0, 1), batch.said.flatten(), ignore_index=-1)
    return loss


def _ctc(scores: Tensor, labels: Sequence[Sequence[int]], lengths: Tensor) -> Tensor:
    sizes = torch.tensor([len(x) for x in labels])
    flat = torch.tensor([i for x in labels for i in x])
    return F.ctc_loss(scores.transpose(0, 1), flat, lengths, sizes, blank=BLANK, zero_infinity=True)


def _train(
    model: LipReader,
    groups: Sequence[dict[str, object]],
    step_loss: Callable[[], tuple[Tensor, Tensor, str]],
    weights: Path,
    log: Path,
    *,
    minutes: float,
    steps: int,
) -> None:
    """Run the optimiser over a step's loss; one CSV row every 25 steps, weights every minute."""
    optimiser = torch.optim.AdamW(groups)
    rates = [float(g["lr"]) for g in optimiser.param_groups]
    began, saved = time.monotonic(), 0.0
    with log.open("a", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "seconds", "loss", "said", "read"])
        history: list[float] = []
        for step in range(steps):
            elapsed = time.monotonic() - began
            progress = max(step / steps, elapsed / (60 * minutes))
            if progress >= 1:
                break
            shape = min(1.0, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * progress))
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * shape
            loss, letters, text = step_loss()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            history.append(loss.item())
            if step % 25 == 24:
                writer.writerow(
                    [step + 1, round(elapsed, 1), f"{np.mean(history):.4f}", text, spell(letters.argmax(-1))]
                )
                file.flush()
                history.clear()
            if elapsed - saved > 60:
                saved = elapsed
                save(model, weights)
    save(model, weights)


def fit_words(
    model: LipReader,
    materials: Sequence[Material],
    views: Sequence[NDArray[np.float16]],
    weights: Path,
    log: Path,
    *,
    seed: int = 0,
    minutes: float = math.inf,
    steps: int = 100_000,
    batch: int = 24,
    rate: float = 2e-3,
) -> None:
    """Train everything above the trunk on its views of the mouths (of :func:`look_at`)."""
    rng = torch.Generator().manual_seed(seed)
    dice = np.random.default_rng(seed)
    clips, order = _clips(materials, batch, dice)

    def step_loss() -> tuple[Tensor, Tensor, str]:
        picked = [clips[k] for k in next(order)]
        times = [_times(materials[m], k, dice) for m, k in picked]
        features = _padded([
            torch.from_numpy(views[m][int(dice.integers(len(views[m])))][t].astype(np.float32))
            for (m, _), t in zip(picked, times, strict=True)
        ])  # fmt: skip
        features = features + 0.1 * torch.randn(features.shape, generator=rng)
        with torch.autocast("cpu", torch.bfloat16):
            answer = model.read(_hide(features, rng))
        spoken = _spoken(materials, picked, times)
        return _loss(answer, spoken), answer[0][0], spoken.texts[0]

    model.train()
    groups = [{"params": [p for n, p in model.named_parameters() if not n.startswith("trunk.")], "lr": rate}]
    _train(model, groups, step_loss, weights, log, minutes=minutes, steps=steps)


def fit_all(
    model: LipReader,
    materials: Sequence[Material],
    weights: Path,
    log: Path,
    *,
    seed: int = 0,
    minutes: float = math.inf,
    steps: int = 100_000,
    batch: int = 8,
    rate: float = 8e-4,
    trunk_rate: float = 4e-4,
) -> None:
    """Train the whole lip reader on augmented mouths."""
    rng = torch.Generator().manual_seed(seed + 1)
    dice = np.random.default_rng(seed + 1)
    clips, order = _clips(materials, batch, dice)

    def step_loss() -> tuple[Tensor, Tensor, str]:
        picked = [clips[k] for k in next(order)]
        times = [_times(materials[m], k, dice) for m, k in picked]
        crops = _padded([torch.from_numpy(materials[m].mouths[t]) for (m, _), t in zip(picked, times, strict=True)])
        mouths = _hide(standardise(augment_mouths(crops.float(), rng)), rng)
        with torch.autocast("cpu", torch.bfloat16):
            answer = model(mouths)
        spoken = _spoken(materials, picked, times)
        return _loss(answer, spoken), answer[0][0], spoken.texts[0]

    model.train()
    groups = [
        {"params": [p for n, p in model.named_parameters() if not n.startswith("trunk.")], "lr": rate},
        {"params": list(model.trunk.parameters()), "lr": trunk_rate},
    ]
    _train(model, groups, step_loss, weights, log, minutes=minutes, steps=steps)


def start_from_expert(model: LipReader, expert: Path) -> None:
    """Give the lip reader the sync expert's trunk."""
    tensors = {k.removeprefix("video."): v for k, v in load_file(expert).items() if k.startswith("video.")}
    model.trunk.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})


def save(model: LipReader, path: Path) -> None:
    """Write the weights in half precision, whole or not at all."""
    tensors = {k: v.half().contiguous() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    part = path.with_suffix(".part")
    save_file(tensors, part)
    part.replace(path)


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
    word_steps: str = str(WORD_STEPS),
) -> Path:
    """Train the lip reader; the recipe of ``syncbench train lipreader``.

    It starts from the sync expert's trunk, learns words on what that sees, then everything together.

    Args:
        clips: with transcripts.
        folder: receives ``weights.safetensors``, ``log.csv`` and the decoded material.
        resume: go on from the weights in ``folder``, which are written every minute, with a fresh optimiser and without
            the first part.
        steps: of the second part, instead of the recipe's.
        also: further data sets, ``name:root`` separated by commas.
        start: weights of this network to start from, without the first part.
        word_steps: of the first part.

    Returns:
        The file of weights.

    Raises:
        CommandError: clips without transcripts, or another device than the CPU.
    """
    check_preset(preset, stage)
    if device != "cpu":
        raise CommandError(f"device '{device}': this recipe runs on the cpu")
    everything = [c for c in (*clips, *(clips_of(also, "train") if also else ())) if c.transcript]
    if not everything:
        raise CommandError("these clips have no transcripts, so there is nothing to learn to read from")
    folder.mkdir(parents=True, exist_ok=True)
    weights, log = folder / "weights.safetensors", folder / "log.csv"
    decoded = decode(everything, folder / "decoded")
    said = words_said(decoded.starts, [c.words for c in everything])
    material = Material(prepare(decoded).mouths, decoded.starts, decoded.texts, said)
    torch.manual_seed(seed)
    model = LipReader()
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    known = weights if resume and weights.exists() else Path(start) if start else None
    if known is not None:
        model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in load_file(known).items()})
    else:
        start_from_expert(model, EXPERT)
        views = look_at(model, material, VIEWS, seed)
        fit_words(model, [material], [views], weights, log, seed=seed, steps=int(word_steps))
    fit_all(model, [material], weights, log, seed=seed, steps=steps or STEPS)
    return weights
