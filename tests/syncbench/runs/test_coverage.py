"""A clip counts where nearly all of its frames were measured; how many were is said."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from syncbench.runs import load_run
from syncbench.signature import comparable, parse

from .conftest import Command, Done, film, over

LONG = 75


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """Answers of 75, 70 and 10 of 75 frames, and one that goes on for longer than its clip."""
    for name, frames in (("whole", LONG), ("nearly", 70), ("torn", 10), ("longer", 90)):
        film(tmp_path / "real" / f"{name}.mp4", count=LONG)
        film(tmp_path / "made" / f"{name}.mp4", 1, count=frames)
    return tmp_path


def run(command: Command, *more: str) -> Done:
    return command(*over("real", "folder:made"), "--out", "run", "--fail-on", "1.0", *more)


def rows(folder: Path) -> pd.DataFrame:
    table = load_run(folder / "run").to_pandas()
    return table[table.score == "psnr"].set_index("clip")


def test_a_torn_answer_fails_and_is_not_scored(command: Command, cut: Path) -> None:
    done = run(command)
    assert done.returncode == 0, done.stderr
    found = load_run(cut / "run")
    said = "10 of 75 frames could be measured, under 90 %"
    assert [(f.clip, f.stage, f.reason) for f in found.summary.failures] == [("torn", "image_quality", said)]
    score = found.score("psnr")
    assert (score.n, score.failed) == (3, 1)
    assert score.coverage == pytest.approx((75 + 70 + 75) / (3 * 75))
    table = rows(cut)
    assert math.isnan(table.value["torn"])
    assert table.reason["torn"] == said
    assert table.coverage.drop("torn").to_dict() == pytest.approx({"whole": 1, "nearly": 70 / 75, "longer": 1})
    assert command("verify", "run").returncode == 0


def test_it_counts_where_that_is_asked_for_and_its_coverage_is_said(command: Command, cut: Path) -> None:
    assert run(command, "--min-coverage", "0.1").returncode == 0
    found = load_run(cut / "run")
    assert not found.summary.failures
    assert (found.score("psnr").n, found.score("psnr").failed) == (4, 0)
    assert found.score("psnr").coverage == pytest.approx((75 + 70 + 10 + 75) / (4 * 75))
    table = rows(cut)
    assert table.coverage["torn"] == pytest.approx(10 / 75)
    assert not math.isnan(table.value["torn"])
    assert command("verify", "run").returncode == 0


def test_scores_under_different_bounds_are_not_compared(command: Command, cut: Path) -> None:
    assert run(command).returncode == 0
    assert run(command, "--min-coverage", "0.1", "--out", "low").returncode == 0
    strict, low = (load_run(cut / name).score("psnr").signature for name in ("run", "low"))
    assert (parse(strict)[1]["min_coverage"], parse(low)[1]["min_coverage"]) == ("0.9", "0.1")
    assert not comparable(strict, low)


def test_the_bound_is_a_share(command: Command, cut: Path) -> None:
    done = run(command, "--min-coverage", "1.5")
    assert done.returncode == 2
    assert "min-coverage" in done.stderr
