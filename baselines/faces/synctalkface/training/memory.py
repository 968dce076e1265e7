"""The stage ``memory``: the audio-lip memory, filled from sound and known lip features without images."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from torch import Tensor, nn

from syncbench.baselines.checkpoint import load_networks
from syncbench.baselines.faces.synctalkface.config import Config
from syncbench.baselines.faces.synctalkface.memory import Recall
from syncbench.baselines.faces.synctalkface.network import Generator
from syncbench.baselines.faces.synctalkface.training import losses
from syncbench.baselines.faces.synctalkface.training.presets import Preset
from syncbench.baselines.faces.training.audio import lip_batch
from syncbench.baselines.faces.training.course import Course
from syncbench.baselines.faces.training.face import lip_units
from syncbench.baselines.training.adversary import Pictures

__all__ = ["MemoryObjective", "memory_losses", "train_memory", "typical_lips"]


def memory_losses(by_ear: Recall, by_eye: Recall, lips: Tensor, config: Config) -> dict[str, Tensor]:
    """Return the store and the align loss."""
    wanted = by_eye.embedding if config.store == "embedding" else lips
    return {
        "store": losses.store(by_eye.lips, wanted.detach()),
        "align": losses.align(by_eye.addresses, by_ear.addresses),
    }


class MemoryObjective(nn.Module):
    """Fills the memory from sound and known lip features, without images (embedded preset, ASSUMED).

    Both paths' units must equal the lip feature that the face stage's decoder understands.
    """

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator
        self.generator.requires_grad_(False)
        self.generator.audio.requires_grad_(True)
        self.generator.memory.requires_grad_(True)

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        lips = batch["lips"]
        audio = self.generator.audio(batch["chunks"][:, None])
        by_ear = self.generator.memory.hear(audio)
        heard = self.generator.memory.fuse(audio, by_ear.lips)
        taught, by_eye = self.generator.taught(audio, lips)
        found = memory_losses(by_ear, by_eye, lips, self.generator.config)
        found |= {"heard": F.l1_loss(heard.float(), lips), "seen": F.l1_loss(taught.float(), lips)}
        return {"loss": sum(found.values(), start=lips.new_zeros(())), **found}, None


def typical_lips(lips: NDArray[np.float32], count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return the centres of ``count`` clusters of lip features ``[N, D]``, less the mean, and the mean.

    The embedded preset's memory begins with them (ASSUMED): from random slots, its short training uses two or three.
    """
    rng = np.random.default_rng(seed)
    some = lips[rng.choice(len(lips), size=min(len(lips), 12_000), replace=False)].astype(np.float64)
    mean = some.mean(axis=0)
    centres, _ = kmeans2(some - mean, min(count, len(some)), iter=15, minit="++", rng=rng)
    spare = some[rng.integers(0, len(some), count - len(centres))] - mean
    whole = np.concatenate([centres, spare])
    return torch.from_numpy(whole).float(), torch.from_numpy(mean).float()


def train_memory(course: Course[Preset], generator: Generator) -> Path:
    """Fill the memory, beginning with typical lips; the networks around it are those of the stages before."""
    parts = {"lip": generator.lip, "identity": generator.identity, "decoder": generator.decoder}
    load_networks(course.checkpoint("face"), parts)
    load_networks(course.checkpoint("audio"), {"audio": generator.audio})
    lips = lip_units(course)
    generator.memory.begin_with(*typical_lips(lips, course.preset.config.slots, course.seed))
    batches = partial(lip_batch, course.corpus, course.augment, lips)
    return course.fit("memory", MemoryObjective(generator), {"generator": generator}, batches)
