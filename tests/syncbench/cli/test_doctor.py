"""``syncbench doctor``: remarks on a recogniser's run, an exit code that says whether there are any."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import syncbench
from syncbench.runs import Run

from .conftest import Command, Film

SAID = ("HELLO THERE", "ALL OF YOU", "GOOD BYE", "SEE YOU SOON")
NOISY = "audio=white@0,visual=clean"

Hear = Callable[[Sequence[str]], Run]


@pytest.fixture
def hear(film: Film, tmp_path: Path) -> Hear:
    """Return a function that scores what was heard in four films, each said once clearly and once amid noise."""
    for i, words in enumerate(SAID):
        film(f"films/{i}", words)

    def score(heard: Sequence[str]) -> Run:
        file = tmp_path / "heard.txt"
        file.write_text("".join(f"{i} {words}\n" for i, words in enumerate(heard)))
        return syncbench.run(
            f"hypotheses:{file}", "folder", root=tmp_path / "films", metrics=["word_error"], audio=["clean", "white@0"],
            out=tmp_path / "run", workers=1,
        )  # fmt: skip

    return score


def test_good_texts_get_no_remark(hear: Hear, command: Command) -> None:
    run = hear(SAID)
    done = command("doctor", run.path)
    assert (done.returncode, done.stdout) == (0, f"{run.path}: nothing to remark\n")


def test_every_remark_is_a_line_and_the_exit_code_says_so(hear: Hear, command: Command) -> None:
    run = hear(["HELLO THERE", "", "GOOD BYE", ""])
    remark = "2 of 4 hypotheses are empty"
    done = command("doctor", run.path)
    *lines, last = done.stdout.splitlines()
    assert (done.returncode, last) == (1, f"{run.path}: 2 remarks")
    assert lines == [remark, f"{NOISY}: {remark}"]
    done = command("doctor", run.path, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"run": str(run.path), "remarks": {"": [remark], NOISY: [remark]}}


def test_what_is_no_run_of_a_recogniser_is_one_clear_line(film: Film, tmp_path: Path, command: Command) -> None:
    film("films/0", SAID[0])
    out = tmp_path / "faces"
    syncbench.run("reference", "folder", root=tmp_path / "films", metrics=["image_quality"], out=out, workers=1)
    for path, what in ((out, "holds no recognised texts"), (tmp_path / "films", "is not a run")):
        done = command("doctor", path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"syncbench: {path} {what}")
        assert done.stderr.count("\n") == 1
