"""The stage ``context``: masked learning of lip motion units from sound."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from syncbench.baselines.checkpoint import load_networks
from syncbench.baselines.faces.cals.network import Generator
from syncbench.baselines.faces.cals.training import losses
from syncbench.baselines.faces.cals.training.presets import Preset
from syncbench.baselines.faces.training.course import Course
from syncbench.baselines.faces.training.face import lip_units
from syncbench.baselines.training.adversary import Pictures
from syncbench.baselines.training.batches import Batch

__all__ = ["ContextObjective", "context_batch", "train_context"]


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
    course: Course[Preset],
    lips: NDArray[np.float32],
    rng: np.random.Generator,
    among: NDArray[np.int64],
    count: int,
) -> Batch:
    """Return ``chunks`` ``[B, W, 80, 16]``, ``lips`` ``[B, W, D]`` and ``masked`` ``[B, W]`` of one random length W."""
    masking = course.preset.masking
    shortest, longest = masking.window
    room = int(course.corpus.lengths[among].max()) - 4
    frames = int(rng.integers(min(shortest, room), min(longest, room) + 1))
    windows = course.corpus.draw(rng, among, count, frames)
    return {
        "chunks": course.augment.voice(course.corpus.chunks(windows, 0, frames), rng),
        "lips": lips[course.corpus.frames(windows, 0, frames)],
        "masked": losses.spans(rng, count, frames, masking.ratio, masking.span),
    }


def train_context(course: Course[Preset], generator: Generator) -> Path:
    """Train Audio-to-Lip; the embedded preset begins with the audio encoder of the stage ``audio``."""
    if "audio" in course.preset.stages:
        load_networks(course.checkpoint("audio"), {"audio": generator.a2l.audio})
    objective = ContextObjective(generator, course.preset.masking.unmasked)
    return course.fit("context", objective, {"a2l": generator.a2l}, partial(context_batch, course, lip_units(course)))
