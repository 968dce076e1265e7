"""A run's scores are those of the files that are there: what was written anew is answered and measured anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from syncbench.runs import load_run

from .conftest import Command, film, over


@pytest.fixture
def outputs(films: Path, tmp_path: Path) -> Path:
    """Answers made elsewhere, all but equal to the real videos."""
    folder = tmp_path / "outputs"
    for n in range(4):
        film(folder / f"{n}.mp4", n + 0.1)
    return folder


@pytest.fixture
def asked(films: Path, outputs: Path) -> list[str]:
    return over(films, f"folder:{outputs}")


def psnr(run: Path) -> pd.Series:
    rows = load_run(run).to_pandas()
    return rows[rows.score == "psnr"].set_index("clip").value


def answers(run: Path) -> list[str]:
    """Return the journal's lines of answers, first to last."""
    return [line for line in (run / "journal.jsonl").read_text().splitlines() if '"stage":"answer"' in line]


def test_outputs_written_anew_are_answered_and_measured_anew(
    command: Command, asked: list[str], outputs: Path, tmp_path: Path
) -> None:
    assert command(*asked, "--out", "new").returncode == 0
    before = psnr(tmp_path / "new")
    for n in range(4):
        film(outputs / f"{n}.mp4", 9 - n)
    assert command(*asked, "--out", "new").returncode == 0
    after = psnr(tmp_path / "new")
    assert (after < before - 5).all()
    assert len(answers(tmp_path / "new")) == 8
    assert command(*asked, "--out", "fresh").returncode == 0
    pd.testing.assert_series_equal(after, psnr(tmp_path / "fresh"))
    assert command("verify", "new").returncode == 0


def test_only_what_changed_is_done_again(command: Command, asked: list[str], outputs: Path, tmp_path: Path) -> None:
    assert command(*asked, "--out", "new").returncode == 0
    before = psnr(tmp_path / "new")
    film(outputs / "2.mp4", 9)
    assert command(*asked, "--out", "new").returncode == 0
    again = answers(tmp_path / "new")[4:]
    assert len(again) == 1
    assert again[0].startswith('{"clip":"2"')
    changed = psnr(tmp_path / "new") != before
    assert list(changed[changed].index) == ["2"]


def test_a_file_written_anew_with_the_same_bytes_is_not_done_again(
    command: Command, asked: list[str], outputs: Path, tmp_path: Path
) -> None:
    assert command(*asked, "--out", "new").returncode == 0
    shutil.copy(outputs / "2.mp4", outputs / "copy")
    (outputs / "copy").rename(outputs / "2.mp4")
    assert command(*asked, "--out", "new").returncode == 0
    assert len(answers(tmp_path / "new")) == 4


def test_an_answer_that_is_there_at_last_takes_the_place_of_its_failure(
    command: Command, asked: list[str], outputs: Path, tmp_path: Path
) -> None:
    (outputs / "2.mp4").rename(outputs / "late")
    assert command(*asked, "--out", "new").returncode == 1
    (outputs / "late").rename(outputs / "2.mp4")
    assert command(*asked, "--out", "new").returncode == 0
    assert load_run(tmp_path / "new").summary.answered == 4


def test_an_answer_that_is_gone_is_no_longer_scored(
    command: Command, asked: list[str], outputs: Path, tmp_path: Path
) -> None:
    assert command(*asked, "--out", "new").returncode == 0
    (outputs / "2.mp4").unlink()
    done = command(*asked, "--out", "new")
    assert done.returncode == 1
    assert "2.mp4 is not there" in done.stderr
    assert psnr(tmp_path / "new").isna()["2"]
    assert load_run(tmp_path / "new").score("psnr").n == 3


def test_an_answer_that_would_now_come_from_another_file_is_made_anew(command: Command, tmp_path: Path) -> None:
    film(tmp_path / "real/s/0.mp4")
    film(tmp_path / "made/s_0.mp4", 1)
    asked = [*over("real", "folder:made"), "--out", "new"]
    assert command(*asked).returncode == 0
    before = psnr(tmp_path / "new")
    film(tmp_path / "made/s/0.mp4", 0.1)
    assert command(*asked).returncode == 0
    assert (psnr(tmp_path / "new") > before + 5).all()


def test_a_kept_answer_that_was_changed_is_made_anew(command: Command, films: Path, tmp_path: Path) -> None:
    asked = [*over(films, "frozen"), "--out", "new"]
    assert command(*asked).returncode == 0
    before = psnr(tmp_path / "new")
    kept = next((tmp_path / "new/outputs").glob("2-*.mp4"))
    content = kept.read_bytes()
    film(kept, 9)
    assert command("verify", "new").returncode == 1
    assert command(*asked).returncode == 0
    assert kept.read_bytes() == content
    pd.testing.assert_series_equal(psnr(tmp_path / "new"), before)
    assert len(answers(tmp_path / "new")) == 5


@pytest.mark.parametrize("gone", [False, True])
def test_verify_says_which_file_differs(
    command: Command, asked: list[str], outputs: Path, tmp_path: Path, gone: bool
) -> None:
    assert command(*asked, "--out", "new").returncode == 0
    assert command("verify", "new").returncode == 0
    (outputs / "2.mp4").unlink()
    if not gone:
        film(outputs / "2.mp4", 9)
    done = command("verify", "new")
    assert done.returncode == 1
    says = "is gone" if gone else "holds other bytes than when it was answered with or measured"
    assert done.stdout.splitlines() == [f"clip 2: {outputs / '2.mp4'} {says}", "new: 1 differences"]


def test_a_dataset_that_changed_is_refused(command: Command, asked: list[str], films: Path) -> None:
    assert command(*asked, "--out", "new").returncode == 0
    film(films / "1.mp4", 7)
    done = command(*asked, "--out", "new")
    assert done.returncode == 2
    assert "new was made from other files: the dataset has changed since; choose another --out" in done.stderr
