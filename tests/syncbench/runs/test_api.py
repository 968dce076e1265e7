"""Python and the command line are one door."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import syncbench as package
from syncbench import media
from syncbench.runs import verify

from .conftest import Command


def test_python_gives_what_the_command_gives(syncbench: Command, tmp_path: Path) -> None:
    root = tmp_path / "tones"
    root.mkdir()
    shared = ["--dataset", "tone", "--root", str(root), "--metrics", "brightness", "--workers", "1", "--no-anchors"]
    shared += ["--fail-on", "3"]
    assert syncbench("run", "--model", "darker", "--out", "by_command", *shared).returncode == 0
    run = package.run("darker", "tone", root=root, out=tmp_path / "by_python", metrics=["brightness"])
    assert (tmp_path / "by_command/clips.parquet").read_bytes() == (tmp_path / "by_python/clips.parquet").read_bytes()
    by_command = json.loads((tmp_path / "by_command/summary.json").read_text())
    assert run.summary.model_dump(mode="json")["scores"] == by_command["scores"]
    assert verify(run.path) == []


def test_a_run_read_back_gives_scores_rows_curves_traces_and_clips(syncbench: Command, tmp_path: Path) -> None:
    root = tmp_path / "tones"
    root.mkdir()
    package.run("darker", "tone", root=root, out=tmp_path / "run", metrics=["brightness"])
    run = package.load_run(tmp_path / "run")
    score = run.score("brightness")
    rows = run.to_pandas()
    mine = rows[(rows.score == "brightness") & rows.value.notna()]
    assert score.value == pytest.approx(mine.value.mean()), "clips of equal length: the mean of means is the mean"
    assert list(mine["clip"]) == [f"tone/{i}" for i in range(4)]
    total = run.totals("brightness")
    assert total.scores()["brightness"] == score.value
    assert run.curves("tone/1")["brightness"].shape == (12,)
    assert run.traces("tone/1")["level"].shape == (12,)
    assert media.clip_frames(run.output("tone/1")).mean() == pytest.approx(
        media.clip_frames(run.reference("tone/1")).mean() / 2, abs=1.5
    )
    assert run.output("tone/1").speech == run.reference("tone/1").speech, "speech is taken from where it came"
    with pytest.raises(KeyError):
        run.score("lse_c")


def test_new_metrics_do_not_answer_again(syncbench: Command, tmp_path: Path) -> None:
    root = tmp_path / "tones"
    root.mkdir()
    package.run("darker", "tone", root=root, out=tmp_path / "run", metrics=["brightness"])
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "run" / "outputs").iterdir()}
    run = package.run("darker", "tone", root=root, out=tmp_path / "run", metrics=["image_quality"])
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "run" / "outputs").iterdir()} == before
    assert {score.metric for score in run.summary.scores} == {"brightness", "image_quality"}
