"""How the recognisers are trained.

Embedded preset, four stages: ``audio``, ``video``; ``fusion``: the three audio-visual recognisers together, on the two front
ends of the first stages, which stay frozen; and ``again``: AV-RelScore and the video recogniser once more on these front
ends. The video front end starts from the bundled sync expert's. Besides the hybrid loss a linear layer on the encoder's
output names the word said at each frame, where word times are known, every word weighing the same and the silences
together as one; it is thrown away after training.

Paper preset: one stage for each recogniser (``audio``, ``video``, ``av``, ``vcafe``, ``relscore``), end to end from
random weights with Noam's schedule. The published front ends start from a word classifier trained on LRW: not so here.

All see the corruption of ``corruption.py``.
"""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from syncbench.baselines.expert.evaluator import WEIGHTS as EXPERT
from syncbench.contracts import FPS, SAMPLES_PER_FRAME, Clip, Speech, Word
from syncbench.errors import CommandError, unknown_name

from .corpus import Example, prepare
from .corruption import corrupt_mouths, corrupt_speech
from .decoder import encode_text
from .network import ARCHITECTURES, Architecture, Recogniser, build
from .presets import PRESETS, Preset

__all__ = ["FUSIONS", "Plan", "batch_tensors", "fit", "recipe", "save_network", "start_fusions", "word_labels"]

FUSIONS: tuple[Architecture, ...] = ("av", "vcafe", "relscore")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast a stage is trained.

    Attributes:
        epochs, batch: passes over the examples, clips per step.
        schedule: ``cosine``: linear warm-up over ``warm`` of the steps to ``rate``, then half a cosine to zero;
            ``noam``: up to ``rate`` at step ``warm``, then falling with the square root.
        cut: share of examples cut to a random run of whole words (where word times are known).
        naming: weight of the frame-wise word loss.
    """

    epochs: int
    batch: int = 8
    rate: float = 8e-4
    schedule: Literal["cosine", "noam"] = "cosine"
    warm: float = 0.08
    decay: float = 1e-2
    cut: float = 0.5
    naming: float = 0.5
    seed: int = 0

    def rate_at(self, step: int, steps: int) -> float:
        """Return the learning rate of a step, counted from 1."""
        if self.schedule == "noam":
            return self.rate * min(math.sqrt(self.warm / step), step / self.warm)
        done = step / steps
        fall = max(0.0, done - self.warm) / (1.0 - self.warm)
        return self.rate * min(done / self.warm, 0.5 * (1.0 + math.cos(math.pi * fall)))


EMBEDDED_PLANS = {
    "audio": Plan(epochs=24, rate=1.2e-3, naming=1.0),
    "video": Plan(epochs=6, rate=8e-4, cut=0.7, naming=1.0),
    "fusion": Plan(epochs=4, rate=6e-4, cut=0.6),
    "again": Plan(epochs=5, rate=1e-3, cut=0.6),
}
PAPER_PLAN = Plan(
    epochs=200, rate=256**-0.5 * 25_000**-0.5, schedule="noam", warm=25_000, decay=0.0, cut=0.0, naming=0.0
)


def word_labels(words: Sequence[Word], frames: int, vocabulary: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the word said at each frame's middle, ``[T]``: 0 is silence, -1 a word outside the vocabulary."""
    labels = np.zeros(frames, dtype=np.int64)
    for word in words:
        first, last = (max(0, math.floor(t * FPS + 0.5)) for t in (word.start, word.end))
        labels[first:last] = vocabulary.get(word.text.upper(), -1)
    return labels


def _cut(example: Example, rng: np.random.Generator) -> Example:
    """Return a random run of two or more whole words of an example, with up to 0.4 s of silence around it."""
    words = example.words
    if len(words) < 3:
        return example
    count = int(rng.integers(2, len(words) + 1))
    first = int(rng.integers(len(words) - count + 1))
    run = words[first : first + count]
    before = words[first - 1].end if first else 0.0
    after = words[first + count].start if first + count < len(words) else example.frames / FPS
    start = max(0, math.ceil(max(before, run[0].start - rng.uniform(0.0, 0.4)) * FPS))
    end = min(example.frames, math.floor(min(after, run[-1].end + rng.uniform(0.0, 0.4)) * FPS))
    if end - start < 2 * count:
        return example
    return Example(
        example.mouths[start:end],
        example.speech[start * SAMPLES_PER_FRAME : end * SAMPLES_PER_FRAME],
        " ".join(w.text for w in run),
        tuple(Word(w.text, w.start - start / FPS, w.end - start / FPS) for w in run),
    )


def _augment(mouths: NDArray[np.uint8], side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a random crop, flipped half of the time, normalised, with up to 15 frames and one square blanked."""
    margin = mouths.shape[-1] - side
    top, left = (int(rng.integers(margin + 1)) for _ in range(2))
    crop = mouths[:, top : top + side, left : left + side].astype(np.float32)
    if rng.random() < 0.5:
        crop = crop[..., ::-1]
    picture = (crop * np.float32(rng.uniform(0.85, 1.15) / 255.0) - np.float32(0.421)) / np.float32(0.165)
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


class _Voices:
    """The examples' speech, read one by one."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int, /) -> Speech:
        return self.examples[index].wave()


def _heard(example: Example, voices: _Voices, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return an example's speech, corrupted and normalised."""
    wave = corrupt_speech(example.wave(), voices, rng)
    return np.asarray((wave - wave.mean()) / max(float(wave.std()), 1e-8), dtype=np.float32)


def fit(
    networks: Mapping[str, Recogniser],
    examples: Sequence[Example],
    plan: Plan,
    folder: Path,
    *,
    frozen: bool = False,
    device: str = "cpu",
) -> None:
    """Train networks on the same batches; keep ``NAME.safetensors``, ``log.csv`` and ``state.pt`` in ``folder``.

    Args:
        networks: by name. With ``frozen`` they share the first one's front ends, which stay as they are.

    Batches and corruptions depend on the plan's seed and the epoch's number alone. A folder with a ``state.pt`` goes on
    after its last whole epoch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first = next(iter(networks.values()))
    spoken = sorted({w.text.upper() for e in examples for w in e.words})
    vocabulary = {word: i + 1 for i, word in enumerate(spoken)}
    torch.manual_seed(plan.seed)
    heads = {name: nn.Linear(n.preset.dimension, len(spoken) + 1).to(device) for name, n in networks.items()}
    learning = {
        name: [
            p
            for part, module in (*network.to(device).named_children(), ("head", heads[name]))
            if not (frozen and part in ("visual", "audio"))
            for p in module.parameters()
        ]
        for name, network in networks.items()
    }
    optimiser = torch.optim.AdamW(
        [p for ps in learning.values() for p in ps], plan.rate, (0.9, 0.98), weight_decay=plan.decay
    )
    per_epoch = max(1, len(examples) // plan.batch)
    steps = plan.epochs * per_epoch
    begin = _resume(folder / "state.pt", networks, heads, optimiser)
    voices = _Voices(examples)
    started = time.process_time()
    for epoch in range(begin, plan.epochs):
        rng = np.random.default_rng([plan.seed, epoch])
        torch.manual_seed(1000 * plan.seed + epoch)
        for network in networks.values():
            network.train()
            for part in (network.visual, network.audio):
                if frozen and part is not None:
                    part.eval()
        order = rng.permutation(len(examples))
        sums = dict.fromkeys(networks, 0.0)
        for step in range(per_epoch):
            for group in optimiser.param_groups:
                group["lr"] = plan.rate_at(epoch * per_epoch + step + 1, steps)
            chosen = [examples[i] for i in order[step * plan.batch : (step + 1) * plan.batch]]
            cut = [_cut(e, rng) if rng.random() < plan.cut else e for e in chosen]
            see, hear = first.visual is not None, first.audio is not None
            mouths = [_augment(corrupt_mouths(e.mouths, rng), first.preset.crop, rng) for e in cut] if see else None
            speech = [_heard(e, voices, rng) for e in cut] if hear else None
            video, audio, lengths = (t.to(device) if t is not None else None for t in batch_tensors(mouths, speech))
            assert lengths is not None
            loss = _step(networks, heads, (video, audio, lengths), cut, vocabulary, plan, frozen, sums)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            for parameters in learning.values():
                nn.utils.clip_grad_norm_(parameters, 5.0)
            optimiser.step()
        row = {"epoch": epoch + 1, "cpu_s": round(time.process_time() - started)}
        _log(folder / "log.csv", row | {name: round(s / per_epoch, 4) for name, s in sums.items()})
        _keep(folder / "state.pt", epoch + 1, networks, heads, optimiser)
        for name, network in networks.items():
            save_network(network, folder / f"{name}.safetensors")


def _step(
    networks: Mapping[str, Recogniser],
    heads: Mapping[str, nn.Module],
    batch: tuple[Tensor | None, Tensor | None, Tensor],
    examples: Sequence[Example],
    vocabulary: Mapping[str, int],
    plan: Plan,
    frozen: bool,
    sums: dict[str, float],
) -> Tensor:
    """Return the loss of one batch, summed over the networks, and add each one's own to ``sums``."""
    video, audio, lengths = batch
    device = lengths.device
    texts = [encode_text(e.text) for e in examples]
    named = torch.full((len(examples), int(lengths.max())), -1)
    for row, e in zip(named, examples, strict=True):
        if e.words:
            row[: e.frames] = torch.from_numpy(word_labels(e.words, e.frames, vocabulary))
    weight = _even(named).to(device)
    named = named.to(device)
    first = next(iter(networks.values()))
    with torch.autocast(device.type, torch.bfloat16), torch.set_grad_enabled(not frozen):
        shared = first.features(video, audio)
    loss = torch.zeros((), device=device)
    for name, network in networks.items():
        with torch.autocast(device.type, torch.bfloat16):
            features = shared if frozen or network is first else network.features(video, audio)
            memory, _ = network.encode(*features, lengths)
            words = heads[name](memory)
        own = network.loss(memory.float(), lengths, texts)
        sums[name] += float(own.detach())
        loss = loss + own
        if plan.naming and bool((named >= 0).any()):
            each = F.cross_entropy(words.float().flatten(0, 1), named.flatten(), ignore_index=-1, reduction="none")
            loss = loss + plan.naming * (each * weight.flatten()).sum() / weight.sum()
    return loss


def _even(named: Tensor) -> Tensor:
    """Return each frame's weight ``[B, T]``: one in all for each word of an utterance, one for its silences together."""
    weight = torch.zeros(named.shape)
    for row, labels in zip(weight, named, strict=True):
        for label in labels.unique():
            if label >= 0:
                row[labels == label] = 1.0 / float((labels == label).sum())
    return weight


def _resume(
    file: Path, networks: Mapping[str, Recogniser], heads: Mapping[str, nn.Module], optimiser: torch.optim.Optimizer
) -> int:
    """Load the state of a training that was killed, if there is one, and return how many epochs it had done."""
    if not file.exists():
        return 0
    kept = torch.load(file, weights_only=True, map_location="cpu")
    optimiser.load_state_dict(kept["optimiser"])
    for name, network in networks.items():
        network.load_state_dict(kept["networks"][name])
        heads[name].load_state_dict(kept["heads"][name])
    return int(kept["epoch"])


def _keep(
    file: Path,
    epoch: int,
    networks: Mapping[str, Recogniser],
    heads: Mapping[str, nn.Module],
    optimiser: torch.optim.Optimizer,
) -> None:
    kept = {
        "epoch": epoch,
        "optimiser": optimiser.state_dict(),
        "networks": {n: m.state_dict() for n, m in networks.items()},
        "heads": {n: m.state_dict() for n, m in heads.items()},
    }
    torch.save(kept, file.with_suffix(".new"))
    file.with_suffix(".new").replace(file)


def _log(file: Path, row: Mapping[str, float]) -> None:
    print(dict(row), flush=True)
    fresh = not file.exists()
    with file.open("a", newline="") as sink:
        writer = csv.DictWriter(sink, row)
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def save_network(network: Recogniser, file: Path) -> None:
    """Write a recogniser's weights in half precision, with its architecture and sizes in the header."""
    tensors = {
        name: (t.half() if t.is_floating_point() else t).contiguous() for name, t in network.state_dict().items()
    }
    # One entry: several would be written in any order, and equal weights give equal bytes.
    said = json.dumps({"architecture": network.architecture, "preset": asdict(network.preset)})
    save_file(tensors, file.with_suffix(".new"), {"recogniser": said})
    file.with_suffix(".new").replace(file)


def _weights(file: Path) -> dict[str, Tensor]:
    if not file.exists():
        raise CommandError(f"{file} is not there: train the stages audio and video first")
    return {name: t.float() if t.is_floating_point() else t for name, t in load_file(file).items()}


def start_fusions(preset: Preset, audio: Path, video: Path) -> dict[str, Recogniser]:
    """Return the audio-visual recognisers, started from a trained audio and a trained video recogniser.

    Front ends are taken over, decoder and CTC from the audio recogniser. The plain model's encoders are those of the two;
    V-CAFE and AV-RelScore, which have one encoder for both, start from the audio one.
    """
    heard, seen = _weights(audio), _weights(video)
    started: dict[str, Recogniser] = {}
    for architecture in FUSIONS:
        network = build(architecture, preset)
        own = network.state_dict()
        taken = {k: v for k, v in heard.items() if k.startswith(("audio.", "decoder.", "ctc."))}
        taken |= {k: v for k, v in seen.items() if k.startswith("visual.")}
        for source, prefix in ((heard, "fusion.audio."), (seen, "fusion.visual."), (heard, "fusion.encoder.")):
            for key, value in source.items():
                target = key.replace("fusion.encoder.", prefix)
                if key.startswith("fusion.encoder.") and target in own:
                    taken[target] = value
        network.load_state_dict(own | taken)
        started[architecture] = network
    return started


def start_from_expert(network: Recogniser) -> None:
    """Give a compact video front end the weights of the bundled sync expert, which learnt from lips and speech alone."""
    kept = load_file(EXPERT)
    trunk = {k.removeprefix("video."): v.float() for k, v in kept.items() if k.startswith("video.layers.")}
    if network.visual is None:
        raise ValueError("the network does not see")
    network.visual.get_submodule("trunk").load_state_dict(
        {k: v.long() if k.endswith("num_batches_tracked") else v for k, v in trunk.items()}
    )


def recipe(
    clips: Sequence[Clip],
    folder: Path,
    *,
    preset: str = "embedded",
    stage: str | None = None,
    seed: int = 0,
    resume: bool = False,
    device: str = "cpu",
    steps: int | None = None,
) -> Path:
    """Train recognisers on clips with transcripts, and return the folder of their weights.

    ``--stage``: ``audio``, ``video``, ``fusion`` or ``again`` of the embedded preset (without: all, in order); of the paper
    preset one of ``audio``, ``video``, ``av``, ``vcafe``, ``relscore``.
    """
    if preset not in PRESETS:
        raise unknown_name("preset", preset, PRESETS)
    sizes = PRESETS[preset]
    stages: tuple[str, ...] = tuple(EMBEDDED_PLANS) if preset == "embedded" else ARCHITECTURES
    if stage is not None and stage not in stages:
        raise unknown_name("stage", stage, stages)
    if stage is None and preset == "paper":
        raise CommandError(f"the paper preset trains one recogniser at a time: --stage {'|'.join(stages)}")
    corpus = prepare(clips, folder / "prepared", sizes.stored, sizes.field)
    examples = [corpus[i] for i in range(len(corpus))]
    for chosen in (stage,) if stage else stages:
        plan = EMBEDDED_PLANS[chosen] if preset == "embedded" else PAPER_PLAN
        train_stage(
            examples, folder, sizes, chosen, replace(plan, seed=seed), resume=resume, device=device, steps=steps
        )
    return folder


def train_stage(
    examples: Sequence[Example],
    folder: Path,
    preset: Preset,
    stage: str,
    plan: Plan,
    *,
    resume: bool = False,
    device: str = "cpu",
    steps: int | None = None,
) -> None:
    """Train one stage into ``folder/stage``. ``steps`` shortens the plan. Raises CommandError where a stage is missing."""
    if len(examples) < plan.batch:
        raise CommandError(f"{len(examples)} clips are fewer than a batch of {plan.batch}: give more clips")
    if steps is not None:
        plan = replace(plan, epochs=max(1, math.ceil(steps / (len(examples) // plan.batch))))
    place = folder / stage
    state = place / "state.pt"
    if state.exists() and not resume:
        raise CommandError(f"{state} is there already: go on with --resume, or give another --out")
    torch.manual_seed(plan.seed)
    if stage == "fusion":
        networks = start_fusions(preset, folder / "audio/audio.safetensors", folder / "video/video.safetensors")
    elif stage == "again":
        networks = {"relscore": build("relscore", preset), "video": build("video", preset)}
        networks["relscore"].load_state_dict(_weights(folder / "fusion/relscore.safetensors"))
        networks["video"].load_state_dict(_weights(folder / "video/video.safetensors"))
    else:
        networks = {stage: build(cast("Architecture", stage), preset)}
        if preset.frontend == "compact" and stage == "video":
            start_from_expert(networks[stage])
    fit(networks, examples, plan, place, frozen=stage in ("fusion", "again"), device=device)
