"""What the stages of one generator's training share: the prepared clips, what is held out, and where files go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from syncbench.baselines.checkpoint import load_networks, save_networks
from syncbench.baselines.faces.networks import Face
from syncbench.baselines.faces.training.augment import Augment
from syncbench.baselines.faces.training.corpus import Corpus, prepare
from syncbench.baselines.faces.training.presets import Preset
from syncbench.baselines.training.adversary import Judge
from syncbench.baselines.training.batches import Batch, Stepped
from syncbench.baselines.training.further import Further, further_clips
from syncbench.baselines.training.loop import Stage, finished, fit
from syncbench.recipe import Training

__all__ = ["Course", "GeneratorOptions", "quick", "train_stages"]

PresetT = TypeVar("PresetT", bound=Preset)
_VALIDATE_STEPS = 200

Draw = Callable[[np.random.Generator, NDArray[np.int64], int], Batch]
"""Takes a generator, the clips to draw from and a count; gives a batch."""


class GeneratorOptions(Further):
    """Options of the generators' recipes.

    Attributes:
        start: a folder of finished stages to begin from, so that a model is tuned on other clips.
    """

    start: Path | None = None


@dataclass(frozen=True)
class Course(Generic[PresetT]):
    """A training of a generator: what was asked, by which preset, on which prepared clips."""

    training: Training[GeneratorOptions]
    preset: PresetT
    corpus: Corpus

    @property
    def seed(self) -> int:
        return self.training.seed

    @property
    def face(self) -> Face:
        return self.preset.config.face

    @property
    def augment(self) -> Augment:
        return self.preset.augment

    @property
    def config(self) -> dict[str, Any]:
        """The networks' configuration, for the header of checkpoints."""
        return asdict(cast(Any, self.preset.config))

    def fit(
        self,
        name: str,
        objective: nn.Module,
        networks: Mapping[str, nn.Module],
        draw: Draw,
        judge: Judge | None = None,
    ) -> Path:
        """Train a stage of the preset and return its checkpoint; a batch of what is held out is validated on."""
        asked = self.training
        optimisation = self.preset.stages[name]
        if asked.steps is not None:
            optimisation = replace(optimisation, steps=asked.steps)
        learned, held = self.corpus.split()
        kept = draw(np.random.default_rng(self.seed), held, min(64, 2 * optimisation.batch)) if len(held) else None
        if asked.options.start is not None:
            load_networks(asked.options.start / f"{name}.safetensors", networks)
        stage = Stage(
            name,
            objective,
            networks,
            Stepped(self.seed, lambda rng: draw(rng, learned, optimisation.batch)),
            optimisation,
            self.config,
            judge=judge,
            validate=lambda: {} if kept is None else _losses(objective, kept),
            validate_every=_VALIDATE_STEPS,
        )
        return fit(stage, asked.folder, seed=self.seed, resume=asked.resume, device=asked.device)

    def checkpoint(self, stage: str) -> Path:
        """Return a finished stage's checkpoint. Raises CommandError where it is not there."""
        return finished(self.training.folder, stage)

    def finish(self, generator: nn.Module) -> Path:
        """Write the weights that the system loads, in 16 bits in the embedded preset."""
        path = self.training.folder / "weights.safetensors"
        save_networks(path, {"generator": generator}, self.config, half=self.training.preset == "embedded")
        return path


def _losses(objective: nn.Module, batch: Batch) -> Mapping[str, float]:
    """Return the losses of a batch, by name, without training on it."""
    place = next(objective.parameters()).device
    objective.eval()
    with torch.no_grad():
        found, _ = objective({k: torch.from_numpy(np.ascontiguousarray(v)).to(place) for k, v in batch.items()})
    objective.train()
    return {key: float(value) for key, value in found.items()}


def train_stages(
    training: Training[GeneratorOptions],
    presets: Mapping[str, PresetT],
    stages: Mapping[str, Callable[[Course[PresetT]], Path]],
) -> Path:
    """Train the stages that are asked for, one after the other, and return what the last one wrote."""
    preset = presets[training.preset]
    clips = [*training.clips, *further_clips(training.options)]
    course = Course(training, preset, prepare(clips, preset.config.face, training.folder / "prepared"))
    written = training.folder
    for name in training.stages:
        torch.manual_seed(training.seed)
        written = stages[name](course)
    return written


def quick(*networks: nn.Module) -> None:
    """Lay two-dimensional networks out as CPUs and GPUs convolve fastest."""
    for network in networks:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
