"""The stage ``joint``: the published training step, both paths drawn, all losses."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from syncbench.baselines.checkpoint import load_networks
from syncbench.baselines.faces.networks import WINDOW, by_window, show
from syncbench.baselines.faces.squares import to_images
from syncbench.baselines.faces.synctalkface.network import Generator
from syncbench.baselines.faces.synctalkface.training.memory import memory_losses
from syncbench.baselines.faces.synctalkface.training.presets import Preset, Weights
from syncbench.baselines.faces.training.course import Course
from syncbench.baselines.faces.training.critics import Critics, critics_of, weighed
from syncbench.baselines.faces.training.losses import frozen_copy
from syncbench.baselines.faces.training.windows import face_batch, identities, lip_windows
from syncbench.baselines.training.adversary import Pictures

__all__ = ["JointObjective", "train_joint"]


class JointObjective(nn.Module):
    """The published training step: both paths drawn, all losses."""

    def __init__(self, generator: Generator, critics: Critics, weights: Weights, jitter: int) -> None:
        super().__init__()
        self.generator, self.critics, self.weights, self.jitter = generator, critics, weights, jitter

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        face = self.generator.config.face
        real, identity = identities(batch["window"], batch["reference"], face)
        windows = lip_windows(to_images(batch["window"]), face, self.jitter if self.training else 0)
        step = self.generator(batch["chunks"].flatten(0, 1), identity, windows)
        found: dict[str, Tensor] = {}
        centre = by_window(step.lips)[:, WINDOW // 2]
        for drawn in (step.heard, step.seen):
            said = self.critics(drawn, real, batch["heard"])
            shown = by_window(show(drawn, face)).movedim(1, 2)  # [B, 3, 5, H, W]
            said["visual"] = F.l1_loss(frozen_copy(self.generator.lip, shown).float(), centre.float())
            found = {name: value + found.get(name, 0.0) for name, value in said.items()}
        memory = memory_losses(step.by_ear, step.by_eye, step.lips, self.generator.config)
        found["memory"] = memory["store"] + memory["align"]
        return {"loss": weighed(found, self.weights), **found, **memory}, Pictures(real, (step.heard, step.seen))


def train_joint(course: Course[Preset], generator: Generator) -> Path:
    """Train the whole generator with the published losses."""
    if "memory" in course.preset.stages:
        load_networks(course.checkpoint("memory"), {"generator": generator})
    critics, judge = critics_of(course)
    objective = JointObjective(generator, critics, course.preset.weights, course.augment.jitter)
    draw = partial(face_batch, course.corpus, course.augment, WINDOW)
    course.fit("joint", objective, {"generator": generator}, draw, judge)
    return course.finish(generator)
