"""SyncTalkFace's training: the published joint losses, and the short cut of the embedded preset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from torch import Tensor, nn

from syncbench.baselines.family import WINDOW, by_window, show
from syncbench.baselines.losses import frozen_copy
from syncbench.baselines.stages import (
    Critics,
    face_batch,
    identities,
    lip_batch,
    lip_windows,
    quick,
    start,
    weighed,
)
from syncbench.baselines.synctalkface import losses
from syncbench.baselines.synctalkface.config import PRESETS, Config, Weights
from syncbench.baselines.synctalkface.memory import Recall
from syncbench.baselines.synctalkface.network import Generator
from syncbench.baselines.talking_face import to_images
from syncbench.baselines.training import Pictures, load_networks, save_networks
from syncbench.contracts import Clip

__all__ = ["JointObjective", "MemoryObjective", "memory_losses", "train", "typical_lips"]


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


def _generator(config: Config) -> Generator:
    generator = Generator(config)
    quick(generator.audio, generator.lip.trunk, generator.identity, generator.decoder)
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
    """Train SyncTalkFace on ``clips`` and return the last checkpoint: ``weights.safetensors`` when all is trained.

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
            result = course.train_audio(generator.audio, recipe.stages[name])
        elif name == "memory":
            load_networks(course.checkpoint("face"), parts)
            load_networks(course.checkpoint("audio"), {"audio": generator.audio})
            lips = course.lip_units()
            generator.memory.begin_with(*typical_lips(lips, recipe.config.slots, seed))
            batches = partial(lip_batch, course, lips)
            result = course.fit(
                name, MemoryObjective(generator), {"generator": generator}, recipe.stages[name], batches
            )
        else:
            if "memory" in recipe.stages:
                load_networks(course.checkpoint("memory"), {"generator": generator})
            critics, judge = course.critics(
                bool(recipe.weights.adversarial), "sync" in recipe.stages, recipe.weights.focus
            )
            objective = JointObjective(generator, critics, recipe.weights, course.augment.jitter)
            batches = partial(face_batch, course, WINDOW)
            course.fit(name, objective, {"generator": generator}, recipe.stages[name], batches, judge)
            result = out / "weights.safetensors"
            save_networks(result, {"generator": generator}, asdict(recipe.config), half=preset == "embedded")
    return result
