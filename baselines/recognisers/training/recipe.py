"""The recognisers' training.

Embedded preset, three stages: ``audio`` and ``video``, end to end; ``fusion``: all five recognisers on what the front
ends of the first stages, frozen, make of several corrupted versions of each clip (``views.py``). The video recogniser
starts from the bundled lip reader's trunk and, above it, from the audio recogniser. Besides the hybrid loss a linear
layer on the encoder's output names the word said at each frame, where word times are known, every word weighing the same
and the silences together as one; it is thrown away after training.

Paper preset: one stage for each recogniser (``audio``, ``video``, ``av``, ``vcafe``, ``relscore``), end to end from
random weights with Noam's schedule. The published front ends start from a word classifier trained on LRW: not so here.

All see the corruption of ``corruption.py``; the audio recogniser of the embedded preset hears most sentences in another
voice (``voice.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from syncbench.baselines.checkpoint import load_plain, network_tensors, write_tensors
from syncbench.baselines.recognisers.inputs import normalise_mouths, normalise_speech
from syncbench.baselines.recognisers.network import Architecture, Recogniser, build
from syncbench.baselines.recognisers.presets import PRESETS, Preset
from syncbench.baselines.recognisers.training.augment import Voices, augmented, heard
from syncbench.baselines.recognisers.training.batches import Features, Pixels, vocabulary_of
from syncbench.baselines.recognisers.training.corpus import Example, prepare
from syncbench.baselines.recognisers.training.corruption import corrupt_mouths
from syncbench.baselines.recognisers.training.objective import RecognitionObjective
from syncbench.baselines.recognisers.training.presets import STAGES, StagePlan
from syncbench.baselines.recognisers.training.starts import start_fusions, start_video
from syncbench.baselines.recognisers.training.views import View, store_views
from syncbench.baselines.training.further import Further, further_clips
from syncbench.baselines.training.loop import Stage, fit
from syncbench.errors import CommandError
from syncbench.recipe import Recipe, Training

__all__ = ["RECIPE", "RecogniserOptions", "save_network", "train_stage"]

VIDEO_VIEWS = 4
AUDIO_VIEWS = 10
"""Stored versions of each clip: the first as it is, the others corrupted and augmented."""


class RecogniserOptions(Further):
    """Options of the recipe.

    Attributes:
        start: weights of an audio recogniser that the stage ``audio`` begins with, instead of random ones.
        rate: highest learning rate of every stage, instead of the preset's.
    """

    start: Path | None = None
    rate: float | None = Field(default=None, gt=0)


def save_network(network: Recogniser, file: Path) -> None:
    """Write a recogniser's weights in half precision, with its architecture and sizes in the header."""
    # One entry: several would be written in any order, and equal weights give equal bytes.
    said = json.dumps({"architecture": network.architecture, "preset": asdict(network.preset)})
    write_tensors(file, network_tensors({"": network}, half=True), {"recogniser": said})


def _train(training: Training[RecogniserOptions]) -> Path:
    folder, sizes = training.folder, PRESETS[training.preset]
    corpora = [prepare(training.clips, folder / "prepared", sizes.stored, sizes.field)]
    if also := further_clips(training.options):
        corpora.append(prepare(also, folder / "prepared-also", sizes.stored, sizes.field))
    examples = [corpus[i] for corpus in corpora for i in range(len(corpus))]
    further = len(examples) - len(corpora[0])
    for name in training.stages:
        plan = STAGES[training.preset][name]
        if training.options.rate is not None:
            plan = replace(plan, rate=training.options.rate)
        train_stage(name, examples, further, sizes, plan, training)
    return folder


def train_stage(
    name: str,
    examples: Sequence[Example],
    further: int,
    sizes: Preset,
    plan: StagePlan,
    training: Training[RecogniserOptions],
) -> None:
    """Train one stage and write ``NAME.safetensors`` of its networks to a folder of its name.

    The last ``further`` examples are of further data sets. Raises CommandError where an earlier stage is missing.
    """
    folder, seed = training.folder, training.seed
    per_epoch = plan.epochs.steps(len(examples), further)
    if not per_epoch:
        raise CommandError(f"{len(examples)} clips are fewer than a batch of {plan.epochs.batch}: give more clips")
    torch.manual_seed(seed)
    batches: Features | Pixels
    if name == "fusion":
        networks = start_fusions(sizes, folder / "audio/audio.safetensors", folder / "video/video.safetensors")
        views = _views(networks["av"], examples, folder / "views", seed, training.device)
        batches = Features(views, examples, further, plan.epochs, seed)
    else:
        networks = {name: build(cast("Architecture", name), sizes)}
        if sizes.frontend == "compact" and name == "video":
            start_video(networks[name], folder / "audio/audio.safetensors")
        elif name == "audio" and training.options.start is not None:
            load_plain(training.options.start, networks[name])
        batches = Pixels(networks[name], examples, further, plan.epochs, seed)
    torch.manual_seed(seed)
    objective = RecognitionObjective(networks, len(vocabulary_of(examples)), plan.naming)
    stage = Stage(
        name,
        objective,
        {**networks, **_heads(objective)},
        batches,
        plan.optimisation(training.steps or plan.epochs.count * per_epoch),
        asdict(sizes),
        clipped=tuple(objective.parameters_of(network) for network in networks),
    )
    fit(stage, folder, seed=seed, resume=training.resume, device=training.device)
    for each, network in networks.items():
        save_network(network, folder / name / f"{each}.safetensors")


def _heads(objective: RecognitionObjective) -> Mapping[str, torch.nn.Module]:
    return {f"{name}-words": head for name, head in objective.heads.items()}


def _views(network: Recogniser, examples: Sequence[Example], folder: Path, seed: int, device: str) -> list[list[View]]:
    """Return what the network's front ends make of the examples (visual, audio), stored in ``folder``."""
    voices, side, channels = Voices(examples), network.preset.crop, network.preset.features
    if network.visual is None or network.audio is None:
        raise ValueError("the network does not see and hear")

    def mouths(example: Example, rng: np.random.Generator | None) -> NDArray[np.float32]:
        if rng is None:
            return normalise_mouths(example.mouths, side)
        return augmented(corrupt_mouths(example.mouths, rng), side, rng)

    def speech(example: Example, rng: np.random.Generator | None) -> NDArray[np.float32]:
        if rng is None:
            return normalise_speech(example.wave(), example.frames)
        return heard(example.wave(), voices, rng)

    return [
        store_views(front, channels, examples, seen, folder / name, count, seed, device)
        for name, front, seen, count in (
            ("video", network.visual, mouths, VIDEO_VIEWS),
            ("audio", network.audio, speech, AUDIO_VIEWS),
        )
    ]


RECIPE = Recipe(
    name="avsr",
    summary="the recognisers that listen, read lips, or do both, on clips with transcripts",
    presets={preset: tuple(stages) for preset, stages in STAGES.items()},
    train=_train,
    takes=RecogniserOptions,
    alone=frozenset({"paper"}),
)
