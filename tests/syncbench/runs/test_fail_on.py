"""A run of which many clips failed says so by its exit code, unless it is told how many may."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import Command, Done, film, over


@pytest.fixture
def eight(tmp_path: Path) -> Path:
    """Eight real videos."""
    for n in range(8):
        film(tmp_path / "real" / f"{n}.mp4", n)
    return tmp_path


def run(command: Command, folder: Path, answered: int, *more: str) -> Done:
    """Run a model that answered the first of the clips alone."""
    (folder / "made").mkdir()
    for n in range(answered):
        shutil.copy(folder / "real" / f"{n}.mp4", folder / "made" / f"{n}.mp4")
    return command(*over("real", "folder:made"), "--out", "run", *more)


def test_many_failures_fail_a_run_that_says_nothing_of_them(command: Command, eight: Path) -> None:
    done = run(command, eight, 2)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("syncbench: 6 of 8 clips failed, first 2: ")
    assert "2.mp4 is not there" in line
    assert "6 of 8 clips failed" in done.stdout, "the table says it as well"


def test_no_failure_is_no_failure(command: Command, eight: Path) -> None:
    done = run(command, eight, 8)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("bound", "code"),
    [
        (["--fail-on", "1.0"], 0),
        (["--fail-on", "0.75"], 1),
        (["--fail-on", "0.76"], 0),
        (["--fail-on", "6"], 1),
        (["--fail-on", "7"], 0),
        (["--fail-on", "true"], 1),
        (["--fail-on", "1"], 1),
    ],
)
def test_how_many_may_fail_can_be_said(command: Command, eight: Path, bound: list[str], code: int) -> None:
    assert run(command, eight, 2, *bound).returncode == code


def test_one_of_eight_is_more_than_a_tenth(command: Command, eight: Path) -> None:
    assert run(command, eight, 7).returncode == 1
