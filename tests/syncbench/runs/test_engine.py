"""A run leaves the process that asked for it as it was, and builds its system once."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import syncbench

from .conftest import Install

DRAWING = """
import torch

from syncbench import Options, System, Text

BUILT = []


class Drawing(System[Options]):
    task = "avsr"

    def __init__(self, setup, name=""):
        super().__init__(setup, name)
        BUILT.append(name)
        self.weight = float(torch.rand(1))

    def answer(self, given):
        return Text(f"{self.weight:.6f} {torch.get_num_threads()} {float(torch.rand(1)):.6f}")
"""


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def state() -> tuple[object, ...]:
    return torch.get_num_threads(), torch.get_rng_state().tolist(), random.getstate(), repr(np.random.get_state())  # noqa: NPY002


def draw(install: Install, films: Path, out: str, **more: int) -> dict[str, str | None]:
    """Run a system that draws when it is made and when it answers; return what it answered."""
    install(DRAWING, models={"drawing": "Drawing"})
    run = syncbench.run("drawing", "folder", root=films, out=films.parent / out, metrics=["word_error"], **more)
    return {clip: run.output(clip).transcript for clip in run.manifest.clips}


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("model", ["reference", "frozen", "shuffled"])
def test_threads_and_random_state_are_as_before(films: Path, model: str) -> None:
    before = state()
    syncbench.run(model, "folder", root=films, out=films.parent / "run", metrics=["image_quality"])
    assert state() == before


@pytest.mark.usefixtures("two_threads")
def test_a_system_that_draws_moves_no_random_state_but_its_own(install: Install, films: Path) -> None:
    before = state()
    said = draw(install, films, "run")
    assert state() == before
    assert all(text and text.split()[1] == "1" for text in said.values()), "each clip is worked at on one thread"


def test_a_run_that_fails_leaves_the_process_as_it_was(films: Path) -> None:
    before = state()
    with pytest.raises(syncbench.CommandError, match="unknown metric"):
        syncbench.run("reference", "folder", root=films, out=films.parent / "run", metrics=["nothing"])
    assert state() == before


def test_the_system_is_built_once(install: Install, films: Path) -> None:
    draw(install, films, "run", workers=1)
    assert sys.modules["stranger"].BUILT == ["drawing"]


def test_what_a_system_draws_depends_on_seed_and_clip_alone(install: Install, films: Path) -> None:
    said = draw(install, films, "one", workers=1)
    torch.rand(3)
    assert draw(install, films, "two", workers=2) == said
    assert draw(install, films, "part", limit=2) == {clip: said[clip] for clip in ("0", "1")}
    assert len({str(text).split()[0] for text in said.values()}) == 1, "one system"
    assert len({str(text).split()[2] for text in said.values()}) == 4, "other draws for other clips"
    assert not said.items() & draw(install, films, "other", seed=1).items()
