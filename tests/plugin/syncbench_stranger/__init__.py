"""A dataset, models and a metric by a stranger, made to go wrong where a variable of the environment says so."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from syncbench import media
from syncbench.answer import Video
from syncbench.clip import SAMPLES_PER_FRAME, Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.errors import ClipError
from syncbench.feature import Feature, Features
from syncbench.features.frames import FRAMES
from syncbench.measurement import Ratios
from syncbench.metric import Measured, Metric, ScoreSpec
from syncbench.options import Options
from syncbench.system import Given, Setup, System


class Tone(Dataset):
    """Grey faces humming a tone; one listed clip is missing, and one is empty."""

    name = "tone"
    title = "Grey faces humming"
    licence = "CC0"
    url = "https://example.org"

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        assert root is not None
        made: list[Clip | Unusable] = [_make(root / f"{i}.mp4", i) for i in range(4)]
        (root / "empty.mp4").touch()
        empty = Recording(root / "empty.mp4")
        made += [Unusable("lost", "lost.mp4 is not there"), Clip("empty", empty, empty, speaker="x")]
        return made[:limit]

    def problems(self, root: Path) -> Iterator[Problem]:
        yield Problem("lost.mp4", "is not there", "ask for it")


def _make(path: Path, i: int) -> Clip:
    if not path.exists():
        level = np.linspace(60 + 10 * i, 90 + 20 * i, 12).astype(np.uint8)
        frames = np.broadcast_to(level[:, None, None, None], (12, 32, 32, 3)).copy()
        speech = 0.1 * np.sin(np.arange(12 * SAMPLES_PER_FRAME) * 0.2 * (i + 1))
        media.write_video(path, frames, speech.astype(np.float32))
    there = Recording(path)
    return Clip(f"tone/{i}", there, there, speaker=f"s{i % 2}", group=f"s{i % 2}", transcript=f"hum {i}")


TONE = Tone()


class Factor(Options):
    factor: float = 0.5


class Darker(System[Factor]):
    """Takes brightness away: half of it, or what ``factor`` leaves.

    Raises on the clip named in $EXAMPLE_FAIL, and dies with its process on $EXAMPLE_DIE.
    """

    task = "talking-face"
    takes = Factor

    def answer(self, given: Given) -> Video:
        if given.id == os.environ.get("EXAMPLE_FAIL"):
            raise ValueError("the lamp is\nbroken")
        if given.id == os.environ.get("EXAMPLE_DIE"):
            os._exit(9)
        dark = (given.frames * self.options.factor).astype(np.uint8)
        return Video(dark, traces={"level": given.frames.mean((1, 2, 3))})

    def probe(self, given: Given) -> Mapping[str, Any]:
        if reason := os.environ.get("EXAMPLE_HIDE"):
            raise ClipError(reason)
        return {"dimmed": np.arange(256, dtype=np.uint8) // 2, "of": np.array(given.id)}


class Quarter(Factor):
    factor: float = 0.25


class Darkest(Darker):
    """Leaves a quarter, always shown beside the one that leaves more."""

    takes = Quarter

    def __init__(self, setup: Setup[Any], name: str = "") -> None:
        super().__init__(setup, name)
        given = setup.options.model_dump(exclude_unset=True)
        self.beside = {"darker": {key: str(value) for key, value in given.items()}}


LEVEL = Feature("mean_level", lambda frames: frames.mean((1, 2, 3)), needs=(FRAMES,), stored=True)


class Brightness(Metric):
    """How bright the face is, and how far from the real one: not for the clips that $EXAMPLE_WITHHOLD names."""

    name = "brightness"
    inputs = frozenset({"video"})
    scores = (
        ScoreSpec("brightness", "Brightness", "", "none", (0, 255), False, "this file", "Mean grey level."),
        ScoreSpec("brightness_change", "Δ", "", "lower", (0, 255), True, "this file", "Distance to the real one."),
    )
    features = (LEVEL,)

    def unavailable(self) -> str | None:
        return os.environ.get("EXAMPLE_UNAVAILABLE")

    def measure(self, reference: Features, output: Features) -> Measured:
        level = output[LEVEL]
        if len(level) < 2:
            raise ClipError("brightness needs two frames")
        sums = {"brightness": (float(level.sum()), len(level))}
        if os.environ.get("EXAMPLE_WITHHOLD_ODDLY"):
            return Measured(Ratios(sums), withheld={"brightness": "the lamp flickers"})
        if output.clip.id in os.environ.get("EXAMPLE_WITHHOLD", "").split():
            return Measured(Ratios(sums), withheld={"brightness_change": f"the lamp of {output.clip.id} flickers"})
        if reference.has("video"):
            sums["brightness_change"] = (float(np.abs(level - reference[LEVEL]).sum()), len(level))
        return Measured(Ratios(sums), {"brightness": level})
