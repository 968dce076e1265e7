"""In a run, a system sees the clip as its task and its condition give it, by whatever door it looks."""

from __future__ import annotations

from pathlib import Path

import pytest

import syncbench
from syncbench.errors import CommandError

from .conftest import Install

NOSY = """
import hashlib
from typing import Literal

import numpy as np

from syncbench import Feature, Options, System, Text, media

DOORS = {
    "frames": lambda given: given.frames,
    "speech": lambda given: given.speech,
    "own frames": lambda given: given[Feature("own_frames", media.clip_frames, frozenset({"video"}))],
    "own speech": lambda given: given[Feature("own_speech", media.clip_speech, frozenset({"video", "speech"}))],
    "file frames": lambda given: media.clip_frames(given.clip),
    "file speech": lambda given: media.clip_speech(given.clip),
    "words": lambda given: given[Feature("peek", lambda clip: np.array(clip.transcript), frozenset({"transcript"}))],
    "words of the clip": lambda given: np.array(given.clip.transcript or "none"),
}


class NosyOptions(Options):
    door: str = "frames"


class Nosy(System[NosyOptions]):
    takes = NosyOptions
    task = "avsr"

    def answer(self, given):
        seen = DOORS[self.options.door](given)
        return Text(hashlib.sha256(np.ascontiguousarray(seen).tobytes()).hexdigest() if seen.ndim else str(seen))


class Greedy(Nosy):
    inputs = frozenset({"video", "transcript"})
"""


def look(install: Install, films: Path, door: str, **condition: list[str]) -> syncbench.Run:
    install(NOSY, models={"nosy": "Nosy", "greedy": "Greedy"})
    out = films.parent / door.replace(" ", "-")
    return syncbench.run(
        "nosy", "folder", root=films, out=out, metrics=["word_error"], options={"door": door}, **condition
    )


def seen(run: syncbench.Run) -> list[str | None]:
    assert not run.summary.failures
    return [run.output(clip).transcript for clip in run.manifest.clips]


def test_a_recogniser_cannot_read_the_words(install: Install, films: Path) -> None:
    run = look(install, films, "words")
    assert (run.summary.listed, run.summary.answered) == (4, 0)
    said = "nosy asked for peek, which shows the clip's transcript: it is given landmarks, speech, video"
    assert {failure.reason for failure in run.summary.failures} == {said}
    assert seen(look(install, films, "words of the clip")) == ["none"] * 4


def test_a_system_that_wants_more_than_its_task_gives_is_refused(install: Install, films: Path) -> None:
    install(NOSY, models={"greedy": "Greedy"})
    says = r"model 'greedy' wants transcript, which task 'avsr' does not give \(landmarks, speech, video\)"
    with pytest.raises(CommandError, match=says):
        syncbench.run("greedy", "folder", root=films, out=films.parent / "run", metrics=["word_error"])


@pytest.mark.parametrize("what", ["frames", "speech"])
def test_a_corrupted_clip_is_corrupted_by_every_door(install: Install, films: Path, what: str) -> None:
    condition = {"audio": ["white@0"], "visual": ["gaussian@0.1"]}
    corrupted = seen(look(install, films, what, **condition))
    assert seen(look(install, films, f"own {what}", **condition)) == corrupted
    assert seen(look(install, films, f"file {what}", **condition)) == corrupted


@pytest.mark.parametrize("what", ["frames", "speech"])
def test_a_clean_clip_is_the_same_by_every_door(install: Install, films: Path, what: str) -> None:
    clean = seen(look(install, films, what))
    assert len(set(clean)) == 4
    assert seen(look(install, films, f"own {what}")) == clean
    assert seen(look(install, films, f"file {what}")) == clean
