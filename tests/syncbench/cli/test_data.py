"""``syncbench data overlap``: what two splits share, an exit code that says whether they share anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Command, Film

CLIPS = {
    "train": {"111/00001": "HELLO THERE", "222/00001": "ALL OF YOU"},
    "test": {"222/00002": "GOOD BYE", "333/00001": "HELLO THERE", "444/00001": "ALL OF YOU"},
    "val": {"555/00001": "SEE YOU SOON"},
}


@pytest.fixture
def root(film: Film, tmp_path: Path) -> Path:
    """LRS2's layout: test has a source video and two sentences of train's; val shares nothing with it."""
    for split, clips in CLIPS.items():
        for name, words in clips.items():
            film(f"mvlrs_v1/main/{name}", f"Text:  {words}\nConf:  4")
        (tmp_path / f"{split}.txt").write_text("".join(f"{name}\n" for name in clips))
    return tmp_path


def test_what_training_and_test_share_is_told(root: Path, command: Command) -> None:
    done = command("data", "overlap", "lrs2", "--root", root)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "1 of 3 test clips of source videos or speakers are in the training set too",
        "2 of 3 test clips with sentences are in the training set too",
        "lrs2: train and test share clips, speakers, videos or sentences",
    ]


def test_splits_are_named_and_may_share_nothing(root: Path, command: Command) -> None:
    done = command("data", "overlap", "lrs2", "--root", root, "--train", "val")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "lrs2: val and test do not share clips, speakers, videos or sentences\n"
    same = command("data", "overlap", "lrs2", "--root", root, "--train", "test")
    assert same.stdout.startswith("3 of 3 test clips are in the training set too\n")


def test_a_split_that_is_not_there_is_one_clear_line(root: Path, command: Command) -> None:
    done = command("data", "overlap", "lrs2", "--root", root, "--train", "trian")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("syncbench: ")
    assert "trian" in done.stderr
    assert done.stderr.count("\n") == 1
