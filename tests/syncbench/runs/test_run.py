"""A run from end to end, through the command line, with a stranger's dataset, model and metric."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from syncbench.runs import load_run

from .conftest import Command


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "tones"
    folder.mkdir()
    return folder


def arguments(root: Path, out: str = "run", *more: str) -> list[str]:
    asked = ["run", "--model", "darker", "--dataset", "tone", "--root", str(root), "--out", out]
    return [*asked, "--metrics", "brightness", "--no-anchors", "--workers", "1", "--fail-on", "1.0", *more]


def summary(path: Path) -> dict[str, object]:
    return json.loads((path / "summary.json").read_text())


def scores(path: Path) -> dict[str, dict[str, object]]:
    return {score["name"]: score for score in summary(path)["scores"]}  # type: ignore[attr-defined,index]


def test_run_scores_counts_failures_and_verifies(syncbench: Command, root: Path, tmp_path: Path) -> None:
    done = syncbench(*arguments(root))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    found = scores(tmp_path / "run")
    assert found["brightness"]["n"] == 4
    assert found["brightness"]["failed"] == 2, "the missing and the empty clip stay in the count"
    assert found["brightness"]["low"] <= found["brightness"]["value"] <= found["brightness"]["high"]  # type: ignore[operator]
    assert found["brightness_change"]["value"] == pytest.approx(found["brightness"]["value"], abs=3)
    assert str(found["brightness"]["signature"]).startswith("brightness|pairing=self|dataset=tone/test@")
    reasons = {failure["clip"]: failure["reason"] for failure in summary(tmp_path / "run")["failures"]}  # type: ignore[attr-defined]
    assert reasons["lost"] == "lost.mp4 is not there"
    assert "empty.mp4" in reasons["empty"]
    assert "\n" not in reasons["empty"]
    outputs = sorted(p.suffix for p in (tmp_path / "run" / "outputs").iterdir())
    assert outputs == [".mp4"] * 4 + [".npz"] * 4, "answers and traces are kept"
    checked = syncbench("verify", "run")
    assert checked.returncode == 0, checked.stdout


def test_broken_plugin_is_a_warning_that_names_it(syncbench: Command, root: Path) -> None:
    done = syncbench("list", "metrics")
    assert done.returncode == 0
    assert "'broken' of package syncbench-stranger does not load" in done.stderr
    assert "brightness" in done.stdout


def test_worker_count_and_order_do_not_change_a_byte(syncbench: Command, root: Path, tmp_path: Path) -> None:
    assert syncbench(*arguments(root, "one", "--workers", "1")).returncode == 0
    assert syncbench(*arguments(root, "three", "--workers", "3")).returncode == 0
    assert (tmp_path / "one/clips.parquet").read_bytes() == (tmp_path / "three/clips.parquet").read_bytes()


def test_killed_run_resumes_to_equal_bytes(syncbench: Command, root: Path, plugin_site: Path, tmp_path: Path) -> None:
    assert syncbench(*arguments(root, "whole")).returncode == 0
    path = os.pathsep.join([str(plugin_site), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "syncbench", *arguments(root, "torn", "--workers", "1")]
    process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path})
    journal = tmp_path / "torn" / "journal.jsonl"
    while process.poll() is None and not (journal.exists() and journal.stat().st_size > 3000):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with journal.open("ab") as file:
        file.write(b'{"clip":"tone/3","condi')  # what a kill in the middle of a line leaves
    before = journal.read_bytes().splitlines()[0]
    assert syncbench(*arguments(root, "torn")).returncode == 0
    assert journal.read_bytes().splitlines()[0] == before, "done work is not done again"
    assert (tmp_path / "whole/clips.parquet").read_bytes() == (tmp_path / "torn/clips.parquet").read_bytes()
    assert syncbench("verify", "torn").returncode == 0


def test_failures_are_retried_and_never_count_as_done(syncbench: Command, root: Path, tmp_path: Path) -> None:
    done = syncbench(*arguments(root, "run", "--fail-on", "3"), EXAMPLE_FAIL="tone/1")
    assert done.returncode == 1
    assert "3 of 6 clips failed" in done.stderr
    failures = {f["clip"]: f["reason"] for f in summary(tmp_path / "run")["failures"]}  # type: ignore[attr-defined]
    said = (
        "model 'darker' of package syncbench-stranger: ValueError: the lamp is broken (syncbench_stranger/__init__.py:"
    )
    assert failures["tone/1"].startswith(said)
    assert scores(tmp_path / "run")["brightness"]["n"] == 3
    again = syncbench(*arguments(root, "run", "--fail-on", "3"))
    assert again.returncode == 0, again.stderr
    assert scores(tmp_path / "run")["brightness"]["n"] == 4


def test_what_is_inside_a_model_is_asked_once_and_kept(syncbench: Command, root: Path, tmp_path: Path) -> None:
    assert syncbench(*arguments(root), EXAMPLE_FAIL="tone/0").returncode == 0
    run = load_run(tmp_path / "run")
    ((clip, arrays),) = run.probes().items()
    assert clip == "tone/1", "the first clip that was answered"
    assert str(arrays["of"]) == clip
    assert arrays["dimmed"].tolist() == [level // 2 for level in range(256)]
    assert syncbench(*arguments(root)).returncode == 0
    assert list(load_run(run.path).probes()) == [clip], "asked once"
    assert syncbench("verify", "run").returncode == 0
    next((run.path / "probe").iterdir()).unlink()
    told = syncbench("verify", "run")
    assert told.returncode == 1
    assert "tone_1" in told.stdout
    assert "is gone" in told.stdout


def test_a_model_that_cannot_be_shown_costs_no_clip_and_is_asked_again(
    syncbench: Command, root: Path, tmp_path: Path
) -> None:
    done = syncbench(*arguments(root), EXAMPLE_HIDE="the lid is shut")
    assert done.returncode == 0, done.stderr
    found = load_run(tmp_path / "run")
    assert found.score("brightness").n == 4
    assert found.summary.remarks == ["what is inside the model could not be shown on tone/0: the lid is shut"]
    assert not found.probes()
    assert syncbench("verify", "run").returncode == 0
    assert syncbench(*arguments(root)).returncode == 0
    again = load_run(tmp_path / "run")
    assert list(again.probes()) == ["tone/0"]
    assert not again.summary.remarks


def test_worker_that_dies_costs_one_clip(syncbench: Command, root: Path, tmp_path: Path) -> None:
    done = syncbench(*arguments(root, "run", "--workers", "2"), EXAMPLE_DIE="tone/2")
    assert done.returncode == 0, done.stderr
    failures = {f["clip"]: f["reason"] for f in summary(tmp_path / "run")["failures"]}  # type: ignore[attr-defined]
    assert "worker process died" in failures["tone/2"]
    assert scores(tmp_path / "run")["brightness"]["n"] == 3


def test_unavailable_metric_says_how_to_get_it(syncbench: Command, root: Path, tmp_path: Path) -> None:
    done = syncbench(*arguments(root), EXAMPLE_UNAVAILABLE="no lamp: buy one")
    assert done.returncode == 0, done.stderr
    score = scores(tmp_path / "run")["brightness"]
    assert score["value"] is None
    assert score["reason"] == "no lamp: buy one"


def test_cross_pairing_keeps_what_needs_no_reference(syncbench: Command, root: Path, tmp_path: Path) -> None:
    for name in ("empty.mp4",):
        (root / name).touch()
    done = syncbench(*arguments(root, "run", "--pairing", "cross", "--limit", "4"))
    assert done.returncode == 0, done.stderr
    found = scores(tmp_path / "run")
    assert found["brightness"]["value"] is not None
    assert found["brightness_change"]["value"] is None
    assert "pairing=cross" in str(found["brightness_change"]["reason"])


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (["--model", "dorker"], 2, "unknown model 'dorker': did you mean darker"),
        (["--dataset", "tome"], 2, "unknown dataset 'tome': did you mean"),
        (["--metrics", "brightnes"], 2, "unknown metric 'brightnes': did you mean"),
        (["--split", "trial"], 2, "unknown split of tone 'trial': known: test"),
        (["--shard", "3/2"], 2, "--shard takes i/n"),
        (["--fail-on", "often"], 2, "--fail-on takes"),
        (["--root", "nowhere"], 2, "is not a folder"),
        (["--out", "/proc/run"], 2, "cannot be written"),
        (["--pairing", "nothing.txt"], 2, "nothing.txt"),
    ],
)
def test_bad_requests_are_one_line(syncbench: Command, root: Path, change: list[str], code: int, says: str) -> None:
    done = syncbench(*arguments(root), *change)
    assert done.returncode == code
    lines = [line for line in done.stderr.splitlines() if not line.startswith("syncbench: warning: ")]
    assert len(lines) == 1, done.stderr
    assert says in lines[0]
    assert "Traceback" not in done.stderr


def test_another_run_in_the_folder_is_refused(syncbench: Command, root: Path, tmp_path: Path) -> None:
    assert syncbench(*arguments(root)).returncode == 0
    other = syncbench(*arguments(root), "--seed", "1")
    assert other.returncode == 2
    assert "holds another run (seed: 0 there, 1 asked)" in other.stderr
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    assert "is not a run" in syncbench(*arguments(root, "full")).stderr
    assert "is not a run" in syncbench("verify", "full").stderr


def test_verify_finds_a_changed_number(syncbench: Command, root: Path, tmp_path: Path) -> None:
    assert syncbench(*arguments(root)).returncode == 0
    path = tmp_path / "run" / "summary.json"
    record = json.loads(path.read_text())
    record["scores"][0]["value"] += 0.001
    path.write_text(json.dumps(record))
    done = syncbench("verify", "run")
    assert done.returncode == 1
    assert "brightness" in done.stdout
    assert "the journal says" in done.stdout


def test_moved_run_still_reads(syncbench: Command, root: Path, tmp_path: Path) -> None:
    assert syncbench(*arguments(root)).returncode == 0
    shutil.move(tmp_path / "run", tmp_path / "moved")
    assert syncbench("verify", "moved").returncode == 0


def test_config_file_gives_options_and_flags_override(syncbench: Command, root: Path, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text(
        f'model = "darker"\ndataset = "tone"\nroot = "{root}"\nmetrics = ["brightness"]\nlimit = 2\nanchors = false\n'
    )
    done = syncbench("run", "--config", "run.toml", "--out", "run", "--limit", "3")
    assert done.returncode == 0, done.stderr
    assert summary(tmp_path / "run")["listed"] == 3
    config.write_text("modle = 3\n")
    wrong = syncbench("run", "--config", "run.toml")
    assert wrong.returncode == 2
    assert "unknown option in run.toml 'modle': did you mean model" in wrong.stderr


def test_json_is_json_and_equals_the_file(syncbench: Command, root: Path, tmp_path: Path) -> None:
    done = syncbench(*arguments(root), "--json")
    assert json.loads(done.stdout) == summary(tmp_path / "run")
