"""The training loop: it learns, logs, keeps what is unfinished, and takes the same steps whether killed or not."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from syncbench.baselines.checkpoint import read_header
from syncbench.baselines.training.batches import Batches
from syncbench.baselines.training.loop import Stage, finished, fit
from syncbench.baselines.training.optimisation import Noam
from syncbench.errors import CommandError

from ..killing import Killed, assert_equal, assert_takes_the_same_steps
from .line import ASKED, Rolling, line_stage, stepped


def run(out: Path, stage: Stage | None = None, *, kill: int | None = None, resume: bool = False) -> Path:
    stage = stage or line_stage(judged=True)
    return fit(replace(stage, batches=Killed(stage.batches, kill)), out, seed=3, resume=resume, save_seconds=0.0)


def rows(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "line" / "metrics.csv").open()))


@pytest.mark.parametrize("judged", [False, True])
@pytest.mark.parametrize("batches", [stepped, lambda: Rolling(3)], ids=["stepped", "running"])
@pytest.mark.parametrize("at", [1, 17, 29])
def test_a_killed_training_takes_the_same_steps(
    batches: Callable[[], Batches], judged: bool, at: int, tmp_path: Path
) -> None:
    assert_takes_the_same_steps(lambda: line_stage(batches(), judged=judged), tmp_path, at)
    assert sorted({int(row["step"]) for row in rows(tmp_path / "killed")}) == [20, 30]


def test_groups_schedules_and_clipping_go_on_after_a_kill(tmp_path: Path) -> None:
    asked = replace(ASKED, weight_decay=0.1, clip=0.5, schedule=Noam(7))
    assert_takes_the_same_steps(lambda: line_stage(Rolling(1), asked=asked, grouped=True), tmp_path, 12)


def test_an_unfinished_training_is_never_lost(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, kill=17)
    left = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(CommandError, match="an unfinished training: go on with --resume") as error:
        run(tmp_path)
    assert "\n" not in str(error.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == left


def test_a_training_that_is_killed_twice_goes_on_twice(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    for kill, resume in ((6, False), (21, True)):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "killed", kill=kill, resume=resume)
    assert_equal(run(tmp_path / "killed", resume=True), whole)
    assert not (tmp_path / "killed" / "line" / "checkpoint.safetensors").exists()


def test_what_was_logged_past_the_last_checkpoint_is_logged_anew(tmp_path: Path) -> None:
    stage = line_stage()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, stage, kill=15)
    with (tmp_path / "line" / "metrics.csv").open("a") as file:
        file.write("step,name,value\n10,loss,1\n20,loss,2\n")
    run(tmp_path, line_stage(), resume=True)
    assert [int(row["step"]) for row in rows(tmp_path) if row["name"] == "loss"] == [10, 20, 30]
    assert {row["value"] for row in rows(tmp_path) if row["step"] == "10"} == {"1"}


def test_a_finished_stage_is_not_trained_again(tmp_path: Path) -> None:
    first = load_file(run(tmp_path))
    stage = line_stage(judged=True)
    again = load_file(run(tmp_path, stage, resume=True, kill=0))
    assert all(torch.equal(again[key], value) for key, value in first.items())
    assert torch.equal(stage.networks["line"].state_dict()["weight"], first["line.weight"])
    with pytest.raises(CommandError, match=r"line\.safetensors is of a finished training: go on with --resume"):
        run(tmp_path, resume=False, kill=0)


def test_a_training_goes_on_only_as_it_was_begun(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, kill=17)
    with pytest.raises(CommandError, match="was begun with another optimisation: give another --out"):
        run(tmp_path, line_stage(judged=True, asked=replace(ASKED, steps=31)), resume=True)
    with pytest.raises(CommandError, match="was begun with another seed"):
        fit(line_stage(judged=True), tmp_path, seed=4, resume=True)


def test_logs_and_header(tmp_path: Path) -> None:
    path = run(tmp_path)
    assert path == tmp_path / "line.safetensors" == finished(tmp_path, "line")
    assert {row["name"] for row in rows(tmp_path)} == {"loss", "judge", "steps_per_second", "val_loss"}
    assert [int(row["step"]) for row in rows(tmp_path) if row["name"] == "val_loss"] == [20, 30]
    assert list((tmp_path / "line" / "tensorboard").glob("events*"))
    header = read_header(path)
    assert header["config"] == {"kind": "line"}
    assert (header["step"], header["stage"], header["seed"]) == (30, "line", 3)
    assert (header["optimisation"]["rate"], header["optimisation"]["steps"]) == (1e-2, 30)
    with pytest.raises(CommandError, match=r"plane\.safetensors is not there: train the stage 'plane' first"):
        finished(tmp_path, "plane")


def test_training_learns(tmp_path: Path) -> None:
    run(tmp_path)
    losses = [float(row["value"]) for row in rows(tmp_path) if row["name"] == "loss"]
    assert losses[-1] < losses[0]


def test_equal_trainings_give_equal_bytes(tmp_path: Path) -> None:
    assert run(tmp_path / "once").read_bytes() == run(tmp_path / "again").read_bytes()


def test_a_loss_that_is_no_number_stops_the_training(tmp_path: Path) -> None:
    stage = line_stage(asked=replace(ASKED, rate=1e30))
    with pytest.raises(CommandError, match=r"stage line broke down at step \d+: .* lower the rate"):
        run(tmp_path, stage)
    assert not (tmp_path / "line.safetensors").exists()
