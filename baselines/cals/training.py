"""CALS-style training: sync module, lip units and face, masked Audio-to-Lip, then all together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from syncbench.baselines.cals import losses
from syncbench.baselines.cals.config import PRESETS, Config, Recipe
from syncbench.baselines.cals.network import Generator
from syncbench.baselines.family import WINDOW, by_window, stack_lower
from syncbench.baselines.stages import (
    Course,
    Critics,
    identities,
    lip_windows,
    mirror,
    quick,
    start,
    weighed,
    windows_batch,
)
from syncbench.baselines.talking_face import to_images
from syncbench.baselines.training import Batch, Pictures, load_networks, save_networks
from syncbench.contracts import Clip

__all__ = ["ContextObjective", "JointObjective", "train"]


class ContextObjective(nn.Module):
    """Masked learning of lip motion units from sound; the units of the face stage are the target."""

    def __init__(self, generator: Generator, unmasked_weight: float) -> None:
        super().__init__()
        self.a2l, self.unmasked_weight = generator.a2l, unmasked_weight

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        units = self.a2l(batch["chunks"], batch["masked"])
        loss = losses.masked_units(units, batch["lips"], batch["masked"], self.unmasked_weight)
        error = (units.float() - batch["lips"]).abs().mean(dim=2)
        return {"loss": loss, "hidden": error[batch["masked"]].mean(), "shown": error[~batch["masked"]].mean()}, None


def context_batch(
    course: Course,
    recipe: Recipe,
    lips: NDArray[np.float32],
    rng: np.random.Generator,
    among: NDArray[np.int64],
    count: int,
) -> Batch:
    """Return ``chunks`` ``[B, W, 80, 16]``, ``lips`` ``[B, W, D]`` and ``masked`` ``[B, W]`` of one random length W."""
    shortest, longest = recipe.masking.window
    room = int(course.corpus.lengths[among].max()) - 4
    frames = int(rng.integers(min(shortest, room), min(longest, room) + 1))
    windows = course.corpus.draw(rng, among, count, frames)
    return {
        "chunks": course.augment.voice(course.corpus.chunks(windows, 0, frames), rng),
        "lips": lips[course.corpus.frames(windows, 0, frames)],
        "masked": losses.spans(rng, count, frames, recipe.masking.ratio, recipe.masking.span),
    }


class JointObjective(nn.Module):
    """Draws five frames from contextualised units, judged by pictures, lips and the discriminative sync critic."""

    def __init__(self, generator: Generator, critics: Critics, recipe: Recipe) -> None:
        super().__init__()
        self.generator, self.critics, self.recipe = generator, critics, recipe

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        config, contrast = self.generator.config, self.recipe.contrast
        inner = slice(config.context, config.context + WINDOW)
        real, identity = identities(batch["window"], batch["reference"], config.face)
        tokens = self.generator.a2l.tokens(batch["context"])  # [B, 5 + 2 context, D]
        units, _ = self.generator.a2l.contextualise(tokens)
        units, heard = units[:, inner].flatten(0, 1), tokens[:, inner].flatten(0, 1)
        drawn = self.generator.draw(self.generator.fuse(units, heard), identity)
        found = self.critics(drawn, real, batch["heard"])
        with torch.no_grad():
            self.generator.lip.eval()
            lips = self.generator.lip(lip_windows(to_images(batch["window"]), config.face))
        found["lip"] = F.l1_loss(units.float(), lips.float())
        if self.critics.sync is None:
            return {"loss": weighed(found, self.recipe.weights), **found}, Pictures(real, (drawn,))
        with torch.no_grad():
            others = stack_lower(to_images(batch["others"]).flatten(0, 1), config.face)
            times = self.critics.sync.look(others).reshape(*batch["valid"].shape, -1)
        look = self.critics.sync.look(stack_lower(by_window(drawn), config.face))
        found["discriminative"] = losses.discriminative(
            look, times, batch["valid"], contrast.reach, contrast.temperature
        )
        return {"loss": weighed(found, self.recipe.weights), **found}, Pictures(real, (drawn,))


def joint_batch(
    course: Course, recipe: Recipe, rng: np.random.Generator, among: NDArray[np.int64], count: int
) -> Batch:
    """Return windows to draw (see ``windows_batch``) with their context and the real windows at other times.

    ``context`` float32 ``[B, 5 + 2 N, 80, 16]``, ``others`` uint8 ``[B, J, 5, H, W, 3]``, ``valid`` bool ``[B, J]``.
    """
    corpus, contrast, reach = course.corpus, recipe.contrast, recipe.config.context
    windows = corpus.draw(rng, among, count, WINDOW)
    steps = contrast.stride * np.arange(-contrast.reach, contrast.reach + 1)
    firsts = windows[:, 1:] + steps  # [B, J]
    last = corpus.lengths[windows[:, 0]][:, None] - WINDOW
    places = np.stack([np.repeat(windows[:, 0], len(steps)), np.clip(firsts, 0, last).ravel()], axis=1)
    batch: Batch = {
        **windows_batch(corpus, windows, rng, WINDOW, course.augment),
        "context": course.augment.sound(corpus.chunks(windows, -reach, WINDOW + reach), rng),
        "others": corpus.pixels[corpus.frames(places, 0, WINDOW)].reshape(
            count, len(steps), WINDOW, *corpus.pixels.shape[1:]
        ),
        "valid": (firsts >= 0) & (firsts <= last),
    }
    return mirror(batch, rng, ("window", "reference", "others")) if course.augment.mirror else batch


def _generator(config: Config) -> Generator:
    generator = Generator(config)
    quick(generator.a2l.audio, generator.lip.trunk, generator.identity, generator.decoder)
    return generator


def train(
    clips: Sequence[Clip],
    out: Path,
    preset: str,
    stage: str | None,
    seed: int,
    resume: bool,
    device: str,
    steps: int | None = None,
    also: str = "",
) -> Path:
    """Train CALS-style on ``clips`` and return the last checkpoint: ``weights.safetensors`` when all is trained.

    ``stage`` trains one stage of the preset, the ones before it being there; None trains all. ``steps`` overrides
    their length. ``also`` names further data sets, ``name:root`` separated by commas. Raises CommandError.
    """
    recipe, course, stages = start(PRESETS, clips, out, preset, stage, seed, resume, device, steps, also)
    result = out
    for name in stages:
        torch.manual_seed(seed)
        generator = _generator(recipe.config)
        parts = {"lip": generator.lip, "identity": generator.identity, "decoder": generator.decoder}
        if name == "sync":
            result = course.train_sync(recipe.stages[name])
        elif name == "face":
            result = course.train_face(
                recipe.stages[name], recipe.weights.edges, recipe.weights.focus, bool(recipe.weights.adversarial)
            )
        elif name == "audio":
            result = course.train_audio(generator.a2l.audio, recipe.stages[name])
        elif name == "context":
            if "audio" in recipe.stages:
                load_networks(course.checkpoint("audio"), {"audio": generator.a2l.audio})
            batches = partial(context_batch, course, recipe, course.lip_units())
            objective = ContextObjective(generator, recipe.masking.unmasked)
            result = course.fit(name, objective, {"a2l": generator.a2l}, recipe.stages[name], batches)
        else:
            load_networks(course.checkpoint("face"), parts)
            load_networks(course.checkpoint("context"), {"a2l": generator.a2l})
            generator.lip.requires_grad_(False)
            critics, judge = course.critics(
                bool(recipe.weights.adversarial), "sync" in recipe.stages, recipe.weights.focus
            )
            batches = partial(joint_batch, course, recipe)
            joint = JointObjective(generator, critics, recipe)
            course.fit(name, joint, {"generator": generator}, recipe.stages[name], batches, judge)
            result = out / "weights.safetensors"
            save_networks(result, {"generator": generator}, asdict(recipe.config), half=preset == "embedded")
    return result
