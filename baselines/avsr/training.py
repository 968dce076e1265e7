"""How the recognisers are trained.

Embedded preset, three stages: ``audio`` and ``video``, end to end; ``fusion``: all five recognisers on what the front
ends of the first stages, frozen, make of several corrupted versions of each clip (``views.py``). The video recogniser
starts from the bundled lip reader's trunk and, above it, from the audio recogniser. Besides the hybrid loss a linear
layer on the encoder's output names the word said at each frame, where word times are known, every word weighing the same
and the silences together as one; it is thrown away after training.

Paper preset: one stage for each recogniser (``audio``, ``video``, ``av``, ``vcafe``, ``relscore``), end to end from
random weights with Noam's schedule. The published front ends start from a word classifier trained on LRW: not so here.

All see the corruption of ``corruption.py``.
"""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from syncbench.baselines.decoded import clips_of
from syncbench.baselines.lipreader.reader import WEIGHTS as LIPREADER
from syncbench.contracts import FPS, SAMPLES_PER_FRAME, Clip, Speech, Word
from syncbench.errors import CommandError, unknown_name

from .corpus import Example, prepare
from .corruption import corrupt_mouths, corrupt_speech
from .decoder import encode_text
from .inputs import normalise_mouths, normalise_speech
from .network import ARCHITECTURES, Architecture, Recogniser, build
from .presets import PRESETS, Preset
from .views import View, store_views

__all__ = [
    "Piece",
    "Plan",
    "batch_tensors",
    "fit",
    "from_pixels",
    "from_views",
    "recipe",
    "save_network",
    "start_fusions",
    "start_video",
    "word_labels",
]

VIDEO_VIEWS = 4
AUDIO_VIEWS = 10
"""Stored versions of each clip: the first as it is, the others corrupted and augmented."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast a stage is trained.

    Attributes:
        epochs, batch: passes over the examples, clips per step.
        schedule: ``cosine``: linear warm-up over ``warm`` of the steps to ``rate``, then half a cosine to zero;
            ``noam``: up to ``rate`` at step ``warm``, then falling with the square root.
        cut: share of examples cut to a random run of whole words (where word times are known).
        also: share of the further data sets' clips that an epoch sees, drawn anew each time.
        warp: largest change of speed, as a share: frames are left out or said twice.
        naming: weight of the frame-wise word loss.
    """

    epochs: int
    batch: int = 8
    rate: float = 8e-4
    schedule: Literal["cosine", "noam"] = "cosine"
    warm: float = 0.08
    decay: float = 1e-2
    cut: float = 0.5
    also: float = 1.0
    warp: float = 0.0
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
    "audio": Plan(epochs=26, rate=1.2e-3, also=0.25, naming=1.0),
    "video": Plan(epochs=4, rate=5e-4, cut=0.7, also=0.25, naming=1.0),
    "fusion": Plan(epochs=20, rate=8e-4, cut=0.25, warp=0.08, also=0.0, naming=1.0),
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


@dataclass(frozen=True, slots=True)
class Piece:
    """What a training step takes of a clip: its number, the frames in order int64 ``[T]``, and what is said in them."""

    clip: int
    frames: NDArray[np.int64]
    text: str


def _cut(example: Example, rng: np.random.Generator) -> tuple[int, int, str]:
    """Return begin, end and text of a random run of two or more whole words, with up to 0.4 s of silence around it."""
    words = example.words
    if len(words) < 3:
        return 0, example.frames, example.text
    count = int(rng.integers(2, len(words) + 1))
    first = int(rng.integers(len(words) - count + 1))
    run = words[first : first + count]
    before = words[first - 1].end if first else 0.0
    after = words[first + count].start if first + count < len(words) else example.frames / FPS
    start = max(0, math.ceil(max(before, run[0].start - rng.uniform(0.0, 0.4)) * FPS))
    end = min(example.frames, math.floor(min(after, run[-1].end + rng.uniform(0.0, 0.4)) * FPS))
    if end - start < 2 * count:
        return 0, example.frames, example.text
    return start, end, " ".join(w.text for w in run)


def _batches(examples: Sequence[Example], further: int, plan: Plan, rng: np.random.Generator) -> list[list[Piece]]:
    """Return an epoch's batches: clips cut and warped as planned, pieces of like length together.

    Of the last ``further`` examples a share is drawn (``plan.also``), of the others each is there once. What fills no batch
    is left out.
    """
    main = len(examples) - further
    drawn = main + rng.permutation(further)[: round(plan.also * further)]
    pieces: list[Piece] = []
    for clip in rng.permutation(np.concatenate([np.arange(main), drawn])).tolist():
        example = examples[clip]
        whole = (0, example.frames, example.text)
        start, end, text = _cut(example, rng) if rng.random() < plan.cut else whole
        count = max(1, round((end - start) * float(rng.uniform(1.0 - plan.warp, 1.0 + plan.warp))))
        frames = start + np.rint(np.linspace(0, end - start - 1, count)).astype(np.int64)
        pieces.append(Piece(clip, frames, text))
    batches: list[list[Piece]] = []
    pieces = pieces[: len(pieces) // plan.batch * plan.batch]
    pool = 8 * plan.batch
    for begin in range(0, len(pieces), pool):
        alike = sorted(pieces[begin : begin + pool], key=lambda piece: len(piece.frames))
        batches += [alike[k : k + plan.batch] for k in range(0, len(alike), plan.batch)]
    return [batches[k] for k in rng.permutation(len(batches))]


def _steps_per_epoch(examples: int, further: int, plan: Plan) -> int:
    return (examples - further + round(plan.also * further)) // plan.batch


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


def _heard(speech: Speech, voices: _Voices, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return speech, corrupted and normalised."""
    wave = corrupt_speech(speech, voices, rng)
    return normalise_speech(wave, len(wave) // SAMPLES_PER_FRAME)


Streams = tuple[Tensor | None, Tensor | None, Tensor]
"""A batch's visual and audio features ``[B, T, C]``, None where a network does not use the stream, and lengths ``[B]``."""

Look = Callable[[Sequence[Piece], np.random.Generator], Streams]


def from_pixels(network: Recogniser, examples: Sequence[Example], device: str) -> Look:
    """Return the look that corrupts mouths and speech anew each time and runs the network's own front ends."""
    voices = _Voices(examples)

    def look(pieces: Sequence[Piece], rng: np.random.Generator) -> Streams:
        mouths = speech = None
        if network.visual is not None:
            raw = [examples[p.clip].mouths[p.frames] for p in pieces]
            mouths = [_augment(corrupt_mouths(m, rng), network.preset.crop, rng) for m in raw]
        if network.audio is not None:
            waves = [examples[p.clip].wave().reshape(-1, SAMPLES_PER_FRAME)[p.frames].ravel() for p in pieces]
            speech = [_heard(w, voices, rng) for w in waves]
        video, audio, lengths = batch_tensors(mouths, speech)
        moved = (t.to(device) if t is not None else None for t in (video, audio))
        return *network.features(*moved), lengths.to(device)

    return look


def from_views(views: Sequence[Sequence[View]], starts: NDArray[np.int64], device: str) -> Look:
    """Return the look that reads stored views (visual, audio), a version drawn for each piece and stream.

    Features get noise of a tenth of their deviation, and of half the pieces a span of up to ten frames is blanked.
    """
    spreads = [float(np.asarray(v[-1][:2000], dtype=np.float32).std()) for v in views]

    def look(pieces: Sequence[Piece], rng: np.random.Generator) -> Streams:
        longest = max(len(p.frames) for p in pieces)
        streams: list[Tensor] = []
        for stream, spread in zip(views, spreads, strict=True):
            batch = np.zeros((len(pieces), longest, stream[0].shape[-1]), dtype=np.float32)
            for row, piece in zip(batch, pieces, strict=True):
                count = len(piece.frames)
                row[:count] = stream[int(rng.integers(len(stream)))][starts[piece.clip] + piece.frames]
                row[:count] += np.float32(0.1 * spread) * rng.standard_normal((count, row.shape[1]), dtype=np.float32)
                if rng.random() < 0.5:
                    length = int(rng.integers(min(10, count // 4) + 1))
                    begin = int(rng.integers(count - length + 1))
                    row[begin : begin + length] = 0.0
            streams.append(torch.from_numpy(batch).to(device))
        return streams[0], streams[1], torch.tensor([len(p.frames) for p in pieces], device=device)

    return look


def fit(
    networks: Mapping[str, Recogniser],
    examples: Sequence[Example],
    plan: Plan,
    folder: Path,
    look: Look,
    *,
    further: int = 0,
    device: str = "cpu",
) -> None:
    """Train networks on the same batches; keep ``NAME.safetensors``, ``log.csv`` and ``state.pt`` in ``folder``.

    Args:
        networks: by name; parameters that require no gradient stay as they are.
        look: gives the features of a batch's pieces.
        further: how many of the examples, at the end, are of further data sets, see ``Plan.also``.

    Batches and corruptions depend on the plan's seed and the epoch's number alone. A folder with a ``state.pt`` goes on
    after its last whole epoch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spoken = sorted({w.text.upper() for e in examples for w in e.words})
    vocabulary = {word: i + 1 for i, word in enumerate(spoken)}
    named = [word_labels(e.words, e.frames, vocabulary) if e.words else np.full(e.frames, -1) for e in examples]
    torch.manual_seed(plan.seed)
    heads = {name: nn.Linear(n.preset.dimension, len(spoken) + 1).to(device) for name, n in networks.items()}
    learning = {
        name: [p for module in (network.to(device), heads[name]) for p in module.parameters() if p.requires_grad]
        for name, network in networks.items()
    }
    optimiser = torch.optim.AdamW(
        [p for ps in learning.values() for p in ps], plan.rate, (0.9, 0.98), weight_decay=plan.decay, fused=True
    )
    steps = plan.epochs * _steps_per_epoch(len(examples), further, plan)
    begin = _resume(folder / "state.pt", networks, heads, optimiser)
    started = time.process_time()
    for epoch in range(begin, plan.epochs):
        rng = np.random.default_rng([plan.seed, epoch])
        torch.manual_seed(1000 * plan.seed + epoch)
        for network in networks.values():
            network.train()
        batches = _batches(examples, further, plan, rng)
        sums = dict.fromkeys(networks, 0.0)
        for step, pieces in enumerate(batches):
            for group in optimiser.param_groups:
                group["lr"] = plan.rate_at(epoch * len(batches) + step + 1, steps)
            with torch.autocast(torch.device(device).type, torch.bfloat16):
                streams = look(pieces, rng)
            loss = _step(networks, heads, streams, pieces, [named[p.clip][p.frames] for p in pieces], plan, sums)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            for parameters in learning.values():
                nn.utils.clip_grad_norm_(parameters, 5.0)
            optimiser.step()
        row = {"epoch": epoch + 1, "cpu_s": round(time.process_time() - started)}
        _log(folder / "log.csv", row | {name: round(s / len(batches), 4) for name, s in sums.items()})
        _keep(folder / "state.pt", epoch + 1, networks, heads, optimiser)
        for name, network in networks.items():
            save_network(network, folder / f"{name}.safetensors")


def _step(
    networks: Mapping[str, Recogniser],
    heads: Mapping[str, nn.Module],
    streams: Streams,
    pieces: Sequence[Piece],
    labels: Sequence[NDArray[np.int64]],
    plan: Plan,
    sums: dict[str, float],
) -> Tensor:
    """Return the loss of one batch, summed over the networks, and add each one's own to ``sums``."""
    visual, audio, lengths = streams
    device = lengths.device
    texts = [encode_text(p.text) for p in pieces]
    named = torch.full((len(pieces), int(lengths.max())), -1)
    for row, known in zip(named, labels, strict=True):
        row[: len(known)] = torch.from_numpy(known)
    weight = _even(named).to(device)
    named = named.to(device)
    loss = torch.zeros((), device=device)
    for name, network in networks.items():
        with torch.autocast(device.type, torch.bfloat16):
            memory, _ = network.encode(
                visual if network.visual is not None else None, audio if network.audio is not None else None, lengths
            )
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
        raise CommandError(f"{file} is not there: train the stages before this one first")
    return {name: t.float() if t.is_floating_point() else t for name, t in load_file(file).items()}


def start_fusions(preset: Preset, audio: Path, video: Path) -> dict[str, Recogniser]:
    """Return all five recognisers, started from a trained audio and a trained video recogniser, front ends frozen.

    Front ends are taken over. The plain model's encoders are those of the two; V-CAFE's encoder, which reads audio frames
    emphasised by video, is the audio one; AV-RelScore's, whose memory stands at the video's positions, the video one. The
    decoder and CTC are those of the audio recogniser, for AV-RelScore of the video one.
    """
    heard, seen = _weights(audio), _weights(video)
    started: dict[str, Recogniser] = {}
    for architecture in ARCHITECTURES:
        network = build(architecture, preset)
        own = network.state_dict()
        given = {"audio": heard, "video": seen}.get(architecture)
        if given is None:
            given = _both(heard, seen, seen if architecture == "relscore" else heard, own)
        network.load_state_dict(own | given)
        for front in (network.visual, network.audio):
            if front is not None:
                front.requires_grad_(False)
        started[architecture] = network
    return started


def _both(
    heard: Mapping[str, Tensor], seen: Mapping[str, Tensor], main: Mapping[str, Tensor], own: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return what an audio-visual recogniser with the tensors ``own`` takes over; decoder and one encoder from ``main``."""
    taken = {k: v for k, v in heard.items() if k.startswith("audio.")}
    taken |= {k: v for k, v in seen.items() if k.startswith("visual.")}
    taken |= {k: v for k, v in main.items() if k.startswith(("decoder.", "ctc."))}
    for source, prefix in ((heard, "fusion.audio."), (seen, "fusion.visual."), (main, "fusion.encoder.")):
        for key, value in source.items():
            target = key.replace("fusion.encoder.", prefix)
            if key.startswith("fusion.encoder.") and target in own:
                taken[target] = value
    return taken


def start_video(network: Recogniser, audio: Path) -> None:
    """Start a compact video recogniser from the bundled lip reader's trunk and, above it, a trained audio recogniser.

    The trunk has learnt to tell words apart; decoder and encoder have learnt to spell.
    """
    trunk = {f"visual.{k}": v for k, v in _weights(LIPREADER).items() if k.startswith("trunk.")}
    above = {k: v for k, v in _weights(audio).items() if not k.startswith("audio.")}
    network.load_state_dict(trunk | above)


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
    also: str = "",
) -> Path:
    """Train recognisers on clips with transcripts, and return the folder of their weights.

    ``--stage``: ``audio``, ``video`` or ``fusion`` of the embedded preset (without: all, in order; all five recognisers
    come from ``fusion``); of the paper preset one of ``audio``, ``video``, ``av``, ``vcafe``, ``relscore``. ``also``
    names further data sets, ``name:root`` separated by commas.
    """
    if preset not in PRESETS:
        raise unknown_name("preset", preset, PRESETS)
    sizes = PRESETS[preset]
    stages: tuple[str, ...] = tuple(EMBEDDED_PLANS) if preset == "embedded" else ARCHITECTURES
    if stage is not None and stage not in stages:
        raise unknown_name("stage", stage, stages)
    if stage is None and preset == "paper":
        raise CommandError(f"the paper preset trains one recogniser at a time: --stage {'|'.join(stages)}")
    corpora = [prepare(clips, folder / "prepared", sizes.stored, sizes.field)]
    if also:
        corpora.append(prepare(clips_of(also, "train"), folder / "prepared-also", sizes.stored, sizes.field))
    examples = [corpus[i] for corpus in corpora for i in range(len(corpus))]
    further = len(examples) - len(corpora[0])
    for chosen in (stage,) if stage else stages:
        plan = EMBEDDED_PLANS[chosen] if preset == "embedded" else PAPER_PLAN
        plan = replace(plan, seed=seed)
        train_stage(examples, folder, sizes, chosen, plan, further=further, resume=resume, device=device, steps=steps)
    return folder


def train_stage(
    examples: Sequence[Example],
    folder: Path,
    preset: Preset,
    stage: str,
    plan: Plan,
    *,
    further: int = 0,
    resume: bool = False,
    device: str = "cpu",
    steps: int | None = None,
) -> None:
    """Train one stage into ``folder/stage``. ``steps`` shortens the plan. Raises CommandError where a stage is missing.

    The last ``further`` examples are of further data sets, see ``Plan.also``.
    """
    per_epoch = _steps_per_epoch(len(examples), further, plan)
    if not per_epoch:
        raise CommandError(f"{len(examples)} clips are fewer than a batch of {plan.batch}: give more clips")
    if steps is not None:
        plan = replace(plan, epochs=max(1, math.ceil(steps / per_epoch)))
    place = folder / stage
    state = place / "state.pt"
    if state.exists() and not resume:
        raise CommandError(f"{state} is there already: go on with --resume, or give another --out")
    torch.manual_seed(plan.seed)
    if stage == "fusion":
        networks = start_fusions(preset, folder / "audio/audio.safetensors", folder / "video/video.safetensors")
        look = _stored(networks["av"], examples, folder / "views", plan.seed, device)
    else:
        networks = {stage: build(cast("Architecture", stage), preset)}
        if preset.frontend == "compact" and stage == "video":
            start_video(networks[stage], folder / "audio/audio.safetensors")
        look = from_pixels(networks[stage], examples, device)
    fit(networks, examples, plan, place, look, further=further, device=device)


def _stored(network: Recogniser, examples: Sequence[Example], folder: Path, seed: int, device: str) -> Look:
    """Return the look at what the network's front ends make of the examples, stored in ``folder``."""
    voices, side, channels = _Voices(examples), network.preset.crop, network.preset.features
    if network.visual is None or network.audio is None:
        raise ValueError("the network does not see and hear")

    def mouths(example: Example, rng: np.random.Generator | None) -> NDArray[np.float32]:
        if rng is None:
            return normalise_mouths(example.mouths, side)
        return _augment(corrupt_mouths(example.mouths, rng), side, rng)

    def speech(example: Example, rng: np.random.Generator | None) -> NDArray[np.float32]:
        if rng is None:
            return normalise_speech(example.wave(), example.frames)
        return _heard(example.wave(), voices, rng)

    views = [
        store_views(front, channels, examples, seen, folder / name, count, seed, device)
        for name, front, seen, count in (
            ("video", network.visual, mouths, VIDEO_VIEWS),
            ("audio", network.audio, speech, AUDIO_VIEWS),
        )
    ]
    starts = np.cumsum([0, *(e.frames for e in examples)])
    return from_views(views, starts, device)
