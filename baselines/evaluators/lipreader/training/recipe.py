"""The lip reader's training: first its words on the sync expert's view of the mouths, then all of it together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from syncbench.baselines.checkpoint import load_networks, load_plain, load_tensors, network_tensors, write_tensors
from syncbench.baselines.evaluators.expert.evaluator import WEIGHTS as EXPERT
from syncbench.baselines.evaluators.lipreader.network import (
    BLANK,
    STEPS_PER_FRAME,
    LipReader,
    encode,
    encode_words,
)
from syncbench.baselines.evaluators.lipreader.training.batches import Mouths, Views
from syncbench.baselines.evaluators.lipreader.training.material import Material, look_at, words_said
from syncbench.baselines.evaluators.training.decoded import decode
from syncbench.baselines.evaluators.training.mouths import stored_mouths
from syncbench.baselines.training.adversary import Pictures
from syncbench.baselines.training.further import Further, further_clips
from syncbench.baselines.training.loop import Stage, finished, fit
from syncbench.baselines.training.optimisation import Cosine, Group, Optimisation
from syncbench.baselines.training.precision import mixed_precision
from syncbench.errors import CommandError
from syncbench.recipe import Recipe, Training

__all__ = ["RECIPE", "LipReaderOptions", "ReadingObjective", "start_from_expert"]

VIEWS = 4
_STEPS = {"words": 3000, "whole": 2000}


class LipReaderOptions(Further):
    """Options of the recipe.

    Attributes:
        start: weights of this network to begin with, instead of the sync expert's trunk.
    """

    start: Path | None = None


class ReadingObjective(nn.Module):
    """CTC over characters, CTC over known words where all are known, and the word being said, frame by frame.

    ``whole``: what is seen are mouths; else what the trunk made of them.
    """

    def __init__(self, model: LipReader, whole: bool) -> None:
        super().__init__()
        self.model, self.whole = model, whole

    def forward(self, batch: Mapping[str, Any]) -> tuple[dict[str, Tensor], Pictures | None]:
        texts: list[str] = batch["texts"]
        with mixed_precision(batch["seen"].device.type):
            letters, words, times = self.model(batch["seen"]) if self.whole else self.model.read(batch["seen"])
        lengths, said = batch["lengths"], batch["said"]
        loss = _ctc(letters, [encode(text) for text in texts], lengths * STEPS_PER_FRAME)
        known = [k for k, text in enumerate(texts) if len(encode_words(text)) == len(text.split())]
        if known:
            loss = loss + 0.5 * _ctc(words[known], [encode_words(texts[k]) for k in known], lengths[known])
        if (said >= 0).any():
            loss = loss + 0.5 * F.nll_loss(times.flatten(0, 1), said.flatten(), ignore_index=-1)
        return {"loss": loss}, None


def _ctc(scores: Tensor, labels: Sequence[Sequence[int]], lengths: Tensor) -> Tensor:
    sizes = torch.tensor([len(x) for x in labels])
    flat = torch.tensor([i for x in labels for i in x])
    return F.ctc_loss(scores.transpose(0, 1), flat, lengths, sizes, blank=BLANK, zero_infinity=True)


def start_from_expert(model: LipReader, expert: Path) -> None:
    """Give the lip reader the sync expert's trunk."""
    tensors = load_tensors(expert)
    model.trunk.load_state_dict({k.removeprefix("video."): v for k, v in tensors.items() if k.startswith("video.")})


def _material(training: Training[LipReaderOptions]) -> Material:
    clips = [clip for clip in (*training.clips, *further_clips(training.options)) if clip.transcript]
    if not clips:
        raise CommandError("these clips have no transcripts, so there is nothing to learn to read from")
    decoded = decode(clips, training.folder / "decoded")
    said = words_said(decoded.starts, [clip.words for clip in clips])
    return Material(stored_mouths(decoded), decoded.starts, decoded.texts, said)


def _stage(name: str, model: LipReader, material: Material, training: Training[LipReaderOptions]) -> Stage:
    above = Group(tuple(p for n, p in model.named_parameters() if not n.startswith("trunk.")))
    optimisation = Optimisation(
        steps=training.steps or _STEPS[name], batch=24 if name == "words" else 8, rate=2e-3 if name == "words" else 8e-4,
        betas=(0.9, 0.999), weight_decay=0.01, schedule=Cosine(warm_up=50, decay=1.0), clip=5.0,
    )  # fmt: skip
    groups: tuple[Group, ...] = (above,)
    batches: Views | Mouths
    if name == "words":
        look = partial(look_at, model, material, VIEWS, training.seed)
        batches = Views(material, look, optimisation.batch, training.seed)
    else:
        batches = Mouths(material, optimisation.batch, training.seed + 1)
        groups = (above, Group(tuple(model.trunk.parameters()), rate=0.5))
    objective = ReadingObjective(model, whole=name == "whole")
    return Stage(name, objective, {"lipreader": model}, batches, optimisation, groups=groups)


def _train(training: Training[LipReaderOptions]) -> Path:
    folder, seed = training.folder, training.seed
    if training.device != "cpu":
        raise CommandError(f"device '{training.device}': this recipe runs on the cpu")
    material = _material(training)
    torch.manual_seed(seed)
    model = LipReader()
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if training.options.start is not None:
        load_plain(training.options.start, model)
    else:
        start_from_expert(model, EXPERT)
    if training.stages == ("whole",) and training.options.start is None:
        load_networks(finished(folder, "words"), {"lipreader": model})
    written = folder
    for name in training.stages:
        written = fit(_stage(name, model, material, training), folder, seed=seed, resume=training.resume)
    if training.stages == ("words",):
        return written  # the whole is still to be trained
    path = folder / "weights.safetensors"
    write_tensors(path, network_tensors({"": model}, half=True))
    return path


RECIPE = Recipe(
    name="lipreader",
    summary="the bundled lip reader, on clips with transcripts, from the sync expert's trunk",
    presets={"embedded": ("words", "whole")},
    train=_train,
    takes=LipReaderOptions,
)
