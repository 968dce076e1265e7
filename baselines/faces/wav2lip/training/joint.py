"""The stage ``joint``: pictures, sync, quality."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from torch import Tensor, nn

from syncbench.baselines.checkpoint import load_networks
from syncbench.baselines.faces.networks import WINDOW
from syncbench.baselines.faces.training.course import Course
from syncbench.baselines.faces.training.critics import Critics, critics_of, weighed
from syncbench.baselines.faces.training.windows import face_batch, identities
from syncbench.baselines.faces.wav2lip.network import Generator
from syncbench.baselines.faces.wav2lip.training.presets import Preset, Weights
from syncbench.baselines.training.adversary import Pictures

__all__ = ["JointObjective", "train_joint"]


class JointObjective(nn.Module):
    """Draws five frames, judged by pictures, sync and quality."""

    def __init__(self, generator: Generator, critics: Critics, weights: Weights) -> None:
        super().__init__()
        self.generator, self.critics, self.weights = generator, critics, weights

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        real, identity = identities(batch["window"], batch["reference"], self.generator.config.face)
        drawn = self.generator(batch["chunks"].flatten(0, 1), identity)
        found = self.critics(drawn, real, batch["heard"])
        return {"loss": weighed(found, self.weights), **found}, Pictures(real, (drawn,))


def train_joint(course: Course[Preset], generator: Generator) -> Path:
    """Train the generator; the embedded preset begins with the networks of the stages ``face`` and ``audio``."""
    if "audio" in course.preset.stages:
        load_networks(course.checkpoint("face"), {"identity": generator.identity, "decoder": generator.decoder})
        load_networks(course.checkpoint("audio"), {"audio": generator.audio})
    critics, judge = critics_of(course)
    objective = JointObjective(generator, critics, course.preset.weights)
    draw = partial(face_batch, course.corpus, course.augment, WINDOW)
    course.fit("joint", objective, {"generator": generator}, draw, judge)
    return course.finish(generator)
