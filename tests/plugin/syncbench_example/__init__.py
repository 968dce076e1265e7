"""A dataset, a model and a metric by a stranger: all that a plugin needs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from syncbench import media
from syncbench.contracts import (
    SAMPLES_PER_FRAME,
    Answer,
    Clip,
    Feature,
    Features,
    Measurement,
    Problem,
    ScoreSpec,
    Setup,
    System,
    Task,
    Unusable,
)
from syncbench.errors import ClipError, CommandError


@dataclass(frozen=True)
class Tone:
    """Grey faces humming a tone; one listed clip is missing, and one is empty."""

    name: str = "tone"
    title: str = "Grey faces humming"
    licence: str = "CC0"
    url: str = "https://example.org"
    splits: tuple[str, ...] = ("test",)
    needs_root: bool = True

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        assert root is not None
        made: list[Clip | Unusable] = [_make(root / f"{i}.mp4", i) for i in range(4)]
        (root / "empty.mp4").touch()
        made += [Unusable("lost", "lost.mp4 is not there"), Clip("empty", root / "empty.mp4", speaker="x")]
        return made[:limit]

    def problems(self, root: Path) -> Iterator[Problem]:
        yield Problem("lost.mp4", "is not there", "ask for it")


def _make(path: Path, i: int) -> Clip:
    if not path.exists():
        level = np.linspace(60 + 10 * i, 90 + 20 * i, 12).astype(np.uint8)
        frames = np.broadcast_to(level[:, None, None, None], (12, 32, 32, 3)).copy()
        speech = 0.1 * np.sin(np.arange(12 * SAMPLES_PER_FRAME) * 0.2 * (i + 1))
        media.write_video(path, frames, speech.astype(np.float32))
    return Clip(f"tone/{i}", path, speaker=f"s{i % 2}", group=f"s{i % 2}", transcript=f"hum {i}")


TONE = Tone()


@dataclass(frozen=True)
class Darker:
    """Takes brightness away; raises on the clip named in $EXAMPLE_FAIL, and dies with its process on $EXAMPLE_DIE."""

    name: str = "darker"
    task: Task = "talking-face"
    factor: float = 0.5
    beside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def settings(self) -> Mapping[str, str]:
        return {"factor": f"{self.factor:g}"}

    def answer(self, clip: Clip) -> Answer:
        if clip.id == os.environ.get("EXAMPLE_FAIL"):
            raise ValueError("the lamp is\nbroken")
        if clip.id == os.environ.get("EXAMPLE_DIE"):
            os._exit(9)
        frames = clip.frames()
        return Answer(video=(frames * self.factor).astype(np.uint8), traces={"level": frames.mean((1, 2, 3))})

    def probe(self, clip: Clip) -> Mapping[str, Any]:
        if reason := os.environ.get("EXAMPLE_HIDE"):
            raise ClipError(reason)
        return {"dimmed": np.arange(256, dtype=np.uint8) // 2, "of": np.array(clip.id)}


def darker(setup: Setup) -> System:
    """Make the model that takes brightness away: half of it, or what ``factor`` leaves."""
    try:
        return Darker(factor=float(setup.options.get("factor", "0.5")))
    except ValueError as error:
        raise CommandError(f"option factor must be a number, not '{setup.options['factor']}'") from error


def darkest(setup: Setup) -> System:
    """Make the model that leaves a quarter, always shown beside the one that leaves more."""
    return Darker("darkest", factor=0.25, beside={"darker": setup.options})


@dataclass(frozen=True)
class MeanLevel:
    """Feature: the mean grey level of each frame, float64 ``[T]``."""

    name: str = "mean_level"
    version: int = 1
    weights: str = ""
    needs: tuple[Feature, ...] = ()
    stored: bool = True

    def compute(self, clip: Clip, *needs: Any) -> Any:
        return clip.frames().mean((1, 2, 3))


LEVEL = MeanLevel()


@dataclass(frozen=True)
class LevelSums(Measurement):
    frames: int = 0
    level: float = 0.0
    change: float = 0.0

    def scores(self) -> dict[str, Any]:
        return {"brightness": self.level / self.frames, "brightness_change": self.change / self.frames}


@dataclass(frozen=True)
class Brightness:
    """How bright the face is, and how far from the real one."""

    name: str = "brightness"
    tasks: frozenset[str] = frozenset({"talking-face"})
    scores: tuple[ScoreSpec, ...] = (
        ScoreSpec("brightness", "Brightness", "", "none", (0, 255), False, "this file", "Mean grey level."),
        ScoreSpec("brightness_change", "Δ", "", "lower", (0, 255), True, "this file", "Distance to the real one."),
    )
    measurement: type[Measurement] = LevelSums
    features: tuple[Feature, ...] = (LEVEL,)
    settings: Mapping[str, str] = field(default_factory=dict)

    def unavailable(self) -> str | None:
        return os.environ.get("EXAMPLE_UNAVAILABLE")

    def measure(self, reference: Features | None, output: Features) -> Measurement:
        level = output[LEVEL]
        if reference is None or len(level) < 2:
            raise ClipError("brightness needs two frames and the real video")
        change = np.abs(level - reference[LEVEL]).sum()
        return LevelSums(len(level), float(level.sum()), float(change))

    def curves(self, reference: Features | None, output: Features) -> Mapping[str, Any]:
        return {"brightness": output[LEVEL]}
