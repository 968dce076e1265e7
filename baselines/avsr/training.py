"""How the recognisers are trained, in memory, on prepared clips.

Embedded preset, three steps: the audio recogniser, the video recogniser, then the three audio-visual ones together on
the two frozen front ends, which start from the first two. Besides the hybrid loss, a linear head on the encoder's output
names the word said at each frame where word times are known; it is thrown away after training. All see the corruption
of ``corruption.py``. The paper preset trains one network end to end with Noam's schedule instead (see ``paper``).
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
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from syncbench.contracts import SAMPLES_PER_FRAME, Word

from .corruption import corrupt_mouths, corrupt_speech
from .decoder import encode_text
from .network import Recogniser

__all__ = ["Example", "Plan", "batch_tensors", "fit", "word_labels"]


@dataclass(frozen=True, slots=True)
class Example:
    """One prepared clip: mouths uint8 ``[T, S, S]``, speech int16 ``[640 * T]``, its words with times."""

    id: str
    mouths: NDArray[np.uint8]
    speech: NDArray[np.int16]
    text: str
    words: tuple[Word, ...]

    @property
    def frames(self) -> int:
        return len(self.mouths)


@dataclass(frozen=True, slots=True)
class Plan:
    """One training: how long and how fast.

    Attributes:
        epochs, batch: passes over the examples, clips per step.
        rate: peak learning rate of AdamW; linear warm-up over ``warm`` of the steps, then half a cosine to zero.
        cut: share of examples cut to a random run of whole words (where word times are known).
        naming: weight of the frame-wise word loss.
    """

    epochs: int
    batch: int = 16
    rate: float = 1e-3
    warm: float = 0.08
    decay: float = 1e-2
    cut: float = 0.5
    naming: float = 0.5
    seed: int = 1


def word_labels(words: Sequence[Word], frames: int, vocabulary: dict[str, int]) -> NDArray[np.int64]:
    """Return the word said at each frame's middle, ``[T]``: 0 is silence, -1 a word outside the vocabulary."""
    labels = np.zeros(frames, dtype=np.int64)
    for word in words:
        first, last = math.floor(word.start * 25 + 0.5), math.floor(word.end * 25 + 0.5)
        labels[max(first, 0) : max(last, 0)] = vocabulary.get(word.text.upper(), -1)
    return labels


def _cut(example: Example, rng: np.random.Generator) -> Example:
    """Return a random run of two or more whole words of an example, with up to 0.4 s around it."""
    words = example.words
    if len(words) < 3:
        return example
    count = int(rng.integers(2, len(words) + 1))
    first = int(rng.integers(len(words) - count + 1))
    run = words[first : first + count]
    before = words[first - 1].end if first else 0.0
    after = words[first + count].start if first + count < len(words) else example.frames / 25
    start = math.ceil(max(before, run[0].start - rng.uniform(0.0, 0.4)) * 25)
    end = math.floor(min(after, run[-1].end + rng.uniform(0.0, 0.4)) * 25)
    shifted = tuple(Word(w.text, w.start - start / 25, w.end - start / 25) for w in run)
    return Example(
        example.id,
        example.mouths[start:end],
        example.speech[start * SAMPLES_PER_FRAME : end * SAMPLES_PER_FRAME],
        " ".join(w.text for w in run),
        shifted,
    )


def _augment(mouths: NDArray[np.uint8], side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a random crop, flipped half of the time, normalised, with up to 15 frames and one square blanked."""
    margin = mouths.shape[-1] - side
    top, left = (int(rng.integers(margin + 1)) for _ in range(2))
    crop = mouths[:, top : top + side, left : left + side].astype(np.float32)
    if rng.random() < 0.5:
        crop = crop[..., ::-1]
    light = np.float32(rng.uniform(0.85, 1.15))
    picture = (crop * light / 255.0 - 0.421) / 0.165
    length = int(rng.integers(min(15, len(mouths) // 3) + 1))
    start = int(rng.integers(len(mouths) - length + 1))
    picture[start : start + length] = 0.0
    if rng.random() < 0.5:
        hole = int(side * rng.uniform(0.25, 0.5))
        y, x = (int(rng.integers(side - hole + 1)) for _ in range(2))
        picture[:, y : y + hole, x : x + hole] = 0.0
    return np.ascontiguousarray(picture)


def batch_tensors(
    mouths: Sequence[NDArray[np.float32]] | None, speech: Sequence[NDArray[np.float32]] | None
) -> tuple[Tensor | None, Tensor | None, Tensor]:
    """Return padded mouths ``[B, T, S, S]``, waveforms ``[B, 640 T]`` and lengths in frames ``[B]``.

    ``mouths`` are normalised crops, ``speech`` normalised waveforms of whole frames; either may be None.
    """
    if mouths is not None:
        counts = [len(m) for m in mouths]
    elif speech is not None:
        counts = [len(s) // SAMPLES_PER_FRAME for s in speech]
    else:
        raise ValueError("mouths or speech must be given")
    longest = max(counts)
    video = audio = None
    if mouths is not None:
        video = torch.zeros(len(mouths), longest, *mouths[0].shape[1:])
        for row, m in zip(video, mouths, strict=True):
            row[: len(m)] = torch.from_numpy(m)
    if speech is not None:
        audio = torch.zeros(len(speech), longest * SAMPLES_PER_FRAME)
        for wave, s in zip(audio, speech, strict=True):
            wave[: len(s)] = torch.from_numpy(s)
    return video, audio, torch.tensor(counts)


def _batch(
    chosen: Sequence[Example],
    everyone: Sequence[Example],
    side: int,
    plan: Plan,
    rng: np.random.Generator,
    use_video: bool,
    use_audio: bool,
) -> tuple[tuple[Tensor | None, Tensor | None, Tensor], list[Example]]:
    pool = _Voices(everyone)
    cut = [_cut(e, rng) if rng.random() < plan.cut else e for e in chosen]
    mouths = [_augment(corrupt_mouths(e.mouths, rng), side, rng) for e in cut] if use_video else None
    speech = None
    if use_audio:
        speech = []
        for e in cut:
            wave = corrupt_speech(e.speech.astype(np.float32) / 32768.0, pool, rng)
            speech.append((wave - wave.mean()) / max(float(wave.std()), 1e-8))
    return batch_tensors(mouths, speech), cut


class _Voices:
    """The examples' speech as float32, read one by one."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int, /) -> NDArray[np.float32]:
        return self.examples[index].speech.astype(np.float32) / 32768.0


def fit(
    networks: dict[str, Recogniser],
    examples: Sequence[Example],
    plan: Plan,
    folder: Path,
    *,
    frozen: bool = False,
    budget: float = math.inf,
) -> None:
    """Train networks that see the same batches, and keep ``NAME.safetensors`` and ``log.csv`` in ``folder``.

    Args:
        networks: by name; with ``frozen`` all share the first one's front ends, which stay as they are.
        budget: seconds of CPU after which training stops and keeps what it has.

    A run that was killed resumes from ``state.pt`` at the last whole epoch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first = next(iter(networks.values()))
    use_video, use_audio = first.visual is not None, first.audio is not None
    spoken = sorted({w.text.upper() for e in examples for w in e.words})
    vocabulary = {word: i + 1 for i, word in enumerate(spoken)}
    torch.manual_seed(plan.seed)
    heads = {name: nn.Linear(n.preset.dimension, len(spoken) + 1) for name, n in networks.items()}
    parameters = [
        p
        for name, network in networks.items()
        for part, module in (*network.named_children(), ("head", heads[name]))
        if not (frozen and part in ("visual", "audio"))
        for p in module.parameters()
    ]
    optimiser = torch.optim.AdamW(parameters, lr=plan.rate, betas=(0.9, 0.98), weight_decay=plan.decay)
    per_epoch = len(examples) // plan.batch
    total = plan.epochs * per_epoch
    begin = 0
    state = folder / "state.pt"
    if state.exists():
        kept = torch.load(state, weights_only=True)
        begin = int(kept["epoch"])
        optimiser.load_state_dict(kept["optimiser"])
        for name, network in networks.items():
            network.load_state_dict(kept["networks"][name])
            heads[name].load_state_dict(kept["heads"][name])
    started = time.process_time()
    for epoch in range(begin, plan.epochs):
        rng = np.random.default_rng([plan.seed, epoch])
        torch.manual_seed(plan.seed * 1000 + epoch)
        for network in networks.values():
            network.train()
            if frozen:
                for part in (network.visual, network.audio):
                    if part is not None:
                        part.eval()
        order = rng.permutation(len(examples))
        sums = dict.fromkeys(networks, 0.0)
        for step in range(per_epoch):
            done = (epoch * per_epoch + step + 1) / total
            rate = plan.rate * min(
                done / plan.warm, 0.5 * (1.0 + math.cos(math.pi * max(0.0, done - plan.warm) / (1.0 - plan.warm)))
            )
            for group in optimiser.param_groups:
                group["lr"] = rate
            chosen = [examples[i] for i in order[step * plan.batch : (step + 1) * plan.batch]]
            (video, audio, lengths), cut = _batch(chosen, examples, first.preset.crop, plan, rng, use_video, use_audio)
            texts = [encode_text(e.text) for e in cut]
            named = torch.full((len(cut), int(lengths.max())), -1)
            for row, e in zip(named, cut, strict=True):
                if e.words:
                    row[: e.frames] = torch.from_numpy(word_labels(e.words, e.frames, vocabulary))
            with torch.autocast("cpu", torch.bfloat16), torch.set_grad_enabled(not frozen):
                shared = first.features(video, audio)
            loss = torch.zeros(())
            for name, network in networks.items():
                with torch.autocast("cpu", torch.bfloat16):
                    features = shared if frozen or network is first else network.features(video, audio)
                    memory, _ = network.encode(*features, lengths)
                    words = heads[name](memory)
                own = network.loss(memory.float(), lengths, texts)
                sums[name] += float(own.detach())
                naming = F.cross_entropy(words.float().flatten(0, 1), named.flatten(), ignore_index=-1)
                loss = loss + own + plan.naming * naming
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            for name, network in networks.items():
                nn.utils.clip_grad_norm_([*network.parameters(), *heads[name].parameters()], 5.0)
            optimiser.step()
        spent = time.process_time() - started
        row = {"epoch": epoch + 1, "cpu_s": round(spent), **{n: round(s / per_epoch, 4) for n, s in sums.items()}}
        _log(folder / "log.csv", row)
        print(row, flush=True)
        kept = {
            "epoch": epoch + 1,
            "optimiser": optimiser.state_dict(),
            "networks": {n: m.state_dict() for n, m in networks.items()},
            "heads": {n: m.state_dict() for n, m in heads.items()},
        }
        torch.save(kept, state.with_suffix(".new"))
        state.with_suffix(".new").replace(state)
        for name, network in networks.items():
            save_file({k: v.contiguous() for k, v in network.state_dict().items()}, folder / f"{name}.safetensors")
        if spent > budget:
            break


def _log(file: Path, row: dict[str, float]) -> None:
    fresh = not file.exists()
    with file.open("a", newline="") as sink:
        writer = csv.DictWriter(sink, row)
        if fresh:
            writer.writeheader()
        writer.writerow(row)
