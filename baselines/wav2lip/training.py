"""Training of the Wav2Lip-type baseline: pictures, sync, quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from syncbench.baselines.family import WINDOW
from syncbench.baselines.stages import Critics, face_batch, identities, quick, start, weighed
from syncbench.baselines.training import Pictures, load_networks, save_networks
from syncbench.baselines.wav2lip.config import PRESETS, Config, Weights
from syncbench.baselines.wav2lip.network import Generator
from syncbench.contracts import Clip

__all__ = ["JointObjective", "train"]


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


def _generator(config: Config) -> Generator:
    generator = Generator(config)
    quick(generator)
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
    """Train the baseline on ``clips`` and return the last checkpoint: ``weights.safetensors`` when all is trained.

    ``stage`` trains one stage of the preset, the ones before it being there; None trains all. ``steps`` overrides
    their length. ``also`` names further data sets, ``name:root`` separated by commas. Raises CommandError.
    """
    recipe, course, stages = start(PRESETS, clips, out, preset, stage, seed, resume, device, steps, also)
    result = out
    for name in stages:
        torch.manual_seed(seed)
        generator = _generator(recipe.config)
        if name == "sync":
            result = course.train_sync(recipe.stages[name])
        elif name == "face":
            result = course.train_face(
                recipe.stages[name], recipe.weights.edges, recipe.weights.focus, bool(recipe.weights.adversarial)
            )
        elif name == "audio":
            result = course.train_audio(generator.audio, recipe.stages[name])
        else:
            if "audio" in recipe.stages:
                load_networks(course.checkpoint("face"), {"identity": generator.identity, "decoder": generator.decoder})
                load_networks(course.checkpoint("audio"), {"audio": generator.audio})
            critics, judge = course.critics(
                bool(recipe.weights.adversarial), "sync" in recipe.stages, recipe.weights.focus
            )
            objective = JointObjective(generator, critics, recipe.weights)
            batches = partial(face_batch, course, WINDOW)
            course.fit(name, objective, {"generator": generator}, recipe.stages[name], batches, judge)
            result = out / "weights.safetensors"
            save_networks(result, {"generator": generator}, asdict(recipe.config), half=preset == "embedded")
    return result
