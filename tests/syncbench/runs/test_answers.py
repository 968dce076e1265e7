"""A system that gives no answer, or no answer of its task's, fails the clip: nothing is scored in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

import syncbench
from syncbench.runs import verify

from .conftest import Install

ODD = """
from typing import Literal

import numpy as np

from syncbench import Answer, Options, System, Text, Video

FRAMES = np.zeros((12, 32, 32, 3), np.uint8)
ODDITIES = {"empty": Answer(), "array": FRAMES, "none": None, "int": 3, "video": Video(FRAMES), "text": Text("hum")}


class OddOptions(Options):
    what: Literal["empty", "array", "none", "int", "video", "text"] = "empty"


class Face(System[OddOptions]):
    takes = OddOptions
    task = "talking-face"

    def answer(self, given):
        return ODDITIES[self.options.what]


class Ears(Face):
    task = "avsr"
"""

WANTED = {"face": "Video or AudioVisual", "ears": "Text"}
METRIC = {"face": "image_quality", "ears": "word_error"}
SAID = {
    "empty": "the answer is empty: a system of task",
    "array": "the answer is uint8 [12, 32, 32, 3]: a system of task",
    "none": "the answer is None: a system of task",
    "int": "the answer is int: a system of task",
    "video": "the answer is Video: task",
    "text": "the answer is Text: task",
}


def odd(install: Install, films: Path, model: str, what: str) -> syncbench.Run:
    install(ODD, models={"face": "Face", "ears": "Ears"})
    out = films.parent / "run"
    return syncbench.run(model, "folder", root=films, out=out, metrics=[METRIC[model]], options={"what": what})


@pytest.mark.parametrize(
    ("model", "what"),
    [(model, what) for model, right in (("face", "video"), ("ears", "text")) for what in SAID if what != right],
)
def test_no_answer_fails_the_clip_and_scores_nothing(install: Install, films: Path, model: str, what: str) -> None:
    run = odd(install, films, model, what)
    assert (run.summary.listed, run.summary.answered) == (4, 0)
    assert [failure.clip for failure in run.summary.failures] == ["0", "1", "2", "3"]
    for failure in run.summary.failures:
        assert failure.stage == "answer"
        assert failure.reason.startswith(SAID[what])
        assert failure.reason.endswith(WANTED[model])
        assert "\n" not in failure.reason
    assert all((score.value, score.n, score.failed) == (None, 0, 4) for score in run.summary.scores)
    assert run.to_pandas().value.isna().all()
    assert not list(run.path.glob("outputs/*"))
    assert verify(run.path) == []


@pytest.mark.parametrize(("model", "what"), [("face", "video"), ("ears", "text")])
def test_the_same_system_scores_when_it_answers(install: Install, films: Path, model: str, what: str) -> None:
    run = odd(install, films, model, what)
    assert not run.summary.failures
    assert all(score.value is not None and score.n == 4 for score in run.summary.scores)
