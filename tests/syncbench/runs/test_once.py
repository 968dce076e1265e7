"""Nothing is worked out twice: a feature is computed once for a system and all metrics, and once on disk."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path

import pytest

import syncbench

from .conftest import Install

COUNTING = """
from pathlib import Path
import numpy as np
from syncbench import Metric, Options, Ratios, ScoreSpec, System, Video
from syncbench.feature import Feature
from syncbench.features.frames import FRAMES

def _light(frames):
    with (Path(__file__).parent / "computed.txt").open("a") as file:
        file.write(f"{frames.mean():.3f}\\n")
    return frames.mean((1, 2, 3))

LIGHT = Feature("light", _light, needs=(FRAMES,), stored=True)

class Same(System[Options]):
    task = "talking-face"
    def answer(self, given):
        given[LIGHT]
        return Video(given.clip.video)

class Darker(System[Options]):
    task = "talking-face"
    def answer(self, given):
        given[LIGHT]
        return Video((given.frames // 2).astype(np.uint8))

class Light(Metric):
    name = "light"
    inputs = frozenset({"video"})
    scores = (ScoreSpec("light", "Light", "", "higher", (0, None), False, "here", "how light it is"),)
    def measure(self, reference, output):
        reference[LIGHT]
        return Ratios({"light": (float(output[LIGHT].sum()), len(output[LIGHT]))})

class Again(Light):
    name = "again"
"""
GROUPS = {"models": {"same": "Same", "dimmed": "Darker"}, "metrics": {"light": "Light", "again": "Again"}}


@pytest.mark.parametrize(("model", "times"), [("same", 1), ("dimmed", 2)])
def test_a_feature_is_computed_once_for_whoever_asks(
    install: Install, films: Path, monkeypatch: pytest.MonkeyPatch, model: str, times: int
) -> None:
    monkeypatch.setenv("SYNCBENCH_CACHE", str(films.parent / "cache"))
    install(COUNTING, **GROUPS)
    asked = {"root": films, "metrics": ["light", "again"]}
    run = syncbench.run(model, "folder", out=films.parent / "run", **asked)
    assert run.score("light").n == 4
    computed = Path(str(importlib.import_module("stranger").__file__)).with_name("computed.txt")
    assert len(computed.read_text().splitlines()) == 4 * times, "of the clip, and of an answer that is another video"
    assert set(Counter(computed.read_text().splitlines()).values()) == {1}
    syncbench.run(model, "folder", out=films.parent / "again", **asked)
    assert len(computed.read_text().splitlines()) == 4 * times, "the values are on disk"
