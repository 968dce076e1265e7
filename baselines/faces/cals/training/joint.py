"""The stage ``joint``: all together, with the critic that tells a window from the real ones around it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from syncbench.baselines.checkpoint import load_networks
from syncbench.baselines.faces.cals.network import Generator
from syncbench.baselines.faces.cals.training import losses
from syncbench.baselines.faces.cals.training.presets import Preset
from syncbench.baselines.faces.networks import WINDOW, by_window, stack_lower
from syncbench.baselines.faces.squares import to_images
from syncbench.baselines.faces.training.augment import mirror
from syncbench.baselines.faces.training.course import Course
from syncbench.baselines.faces.training.critics import Critics, critics_of, weighed
from syncbench.baselines.faces.training.windows import identities, lip_windows, windows_batch
from syncbench.baselines.training.adversary import Pictures
from syncbench.baselines.training.batches import Batch

__all__ = ["JointObjective", "joint_batch", "train_joint"]


class JointObjective(nn.Module):
    """Draws five frames from contextualised units, judged by pictures, lips and the discriminative sync critic."""

    def __init__(self, generator: Generator, critics: Critics, preset: Preset) -> None:
        super().__init__()
        self.generator, self.critics, self.preset = generator, critics, preset

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        config, contrast = self.generator.config, self.preset.contrast
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
            return {"loss": weighed(found, self.preset.weights), **found}, Pictures(real, (drawn,))
        with torch.no_grad():
            others = stack_lower(to_images(batch["others"]).flatten(0, 1), config.face)
            times = self.critics.sync.look(others).reshape(*batch["valid"].shape, -1)
        look = self.critics.sync.look(stack_lower(by_window(drawn), config.face))
        found["discriminative"] = losses.discriminative(
            look, times, batch["valid"], contrast.reach, contrast.temperature
        )
        return {"loss": weighed(found, self.preset.weights), **found}, Pictures(real, (drawn,))


def joint_batch(course: Course[Preset], rng: np.random.Generator, among: NDArray[np.int64], count: int) -> Batch:
    """Return windows to draw (see ``windows_batch``) with their context and the real windows at other times.

    ``context`` float32 ``[B, 5 + 2 N, 80, 16]``, ``others`` uint8 ``[B, J, 5, H, W, 3]``, ``valid`` bool ``[B, J]``.
    """
    preset, corpus = course.preset, course.corpus
    contrast, reach = preset.contrast, preset.config.context
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


def train_joint(course: Course[Preset], generator: Generator) -> Path:
    """Train the whole generator, its lip encoder as the face stage left it."""
    parts = {"lip": generator.lip, "identity": generator.identity, "decoder": generator.decoder}
    load_networks(course.checkpoint("face"), parts)
    load_networks(course.checkpoint("context"), {"a2l": generator.a2l})
    generator.lip.requires_grad_(False)
    critics, judge = critics_of(course)
    objective = JointObjective(generator, critics, course.preset)
    course.fit("joint", objective, {"generator": generator}, partial(joint_batch, course), judge)
    return course.finish(generator)
