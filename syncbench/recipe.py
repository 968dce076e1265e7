"""Recipes: how something is trained. ``syncbench train NAME`` finds them by the entry points ``syncbench.recipes``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from syncbench.clip import Clip
from syncbench.errors import CommandError, unknown_name
from syncbench.options import Options, read_options

__all__ = ["Recipe", "Training"]

OptionsT = TypeVar("OptionsT", bound=Options)


@dataclass(frozen=True, slots=True)
class Training(Generic[OptionsT]):
    """What a recipe is asked to train.

    Attributes:
        clips: to train on.
        folder: for checkpoints, logs and prepared clips.
        preset: which size of the model, and how it is trained.
        stages: of the preset, to train one after the other.
        options: ``--option key=value`` pairs, read.
        steps: of every stage, instead of the preset's; None for those.
        seed, device: of everything random, and the torch device.
        resume: go on from the newest checkpoints in the folder.
    """

    clips: tuple[Clip, ...]
    folder: Path
    preset: str
    stages: tuple[str, ...]
    options: OptionsT
    steps: int | None = None
    seed: int = 0
    device: str = "cpu"
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """A row: what can be trained, and how.

    Attributes:
        name: as users write it.
        summary: one sentence.
        presets: preset -> the names of its stages in order. The first one is the usual one.
        train: takes the ``Training`` and returns what it wrote. Raises CommandError.
        takes: the class of its options.
        alone: presets of which one stage must be named: they have none that follow each other.
    """

    name: str
    summary: str
    presets: Mapping[str, tuple[str, ...]]
    train: Callable[[Training[Any]], Path]
    takes: type[Options] = Options
    alone: frozenset[str] = frozenset()

    def training(
        self,
        clips: Sequence[Clip],
        folder: Path,
        *,
        preset: str | None = None,
        stage: str | None = None,
        options: Mapping[str, str] | None = None,
        steps: int | None = None,
        seed: int = 0,
        device: str = "cpu",
        resume: bool = False,
    ) -> Training[Any]:
        """Return what is asked, checked. Raises CommandError for an unknown preset, stage or option, or without clips."""
        chosen = preset or next(iter(self.presets))
        if chosen not in self.presets:
            raise unknown_name(f"preset of recipe {self.name}", chosen, self.presets)
        stages = self.presets[chosen]
        if stage is not None and stage not in stages:
            raise unknown_name(f"stage of recipe {self.name}", stage, stages)
        if stage is None and chosen in self.alone:
            raise CommandError(f"preset {chosen} of recipe {self.name} trains one stage: --stage {'|'.join(stages)}")
        if not clips:
            raise CommandError("there is no clip to train on")
        return Training(
            clips=tuple(clips),
            folder=folder,
            preset=chosen,
            stages=stages if stage is None else (stage,),
            options=read_options(self.takes, options or {}, f"recipe '{self.name}'"),
            steps=steps,
            seed=seed,
            device=device,
            resume=resume,
        )
