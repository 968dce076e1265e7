"""What stands beside a run: anchors, and the systems a system asks for, each a run of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from syncbench.reports.report import gather
from syncbench.runs import load_run

from .conftest import Command


@pytest.fixture
def asked(tmp_path: Path) -> list[str]:
    root = tmp_path / "tones"
    root.mkdir()
    return ["--dataset", "tone", "--root", str(root), "--limit", "4", "--metrics", "brightness", "--workers", "1"]


def models(*paths: Path) -> list[str]:
    return [run.manifest.model for run in gather(paths)]


def test_what_a_system_asks_for_runs_beside_it_and_is_found(
    syncbench: Command, asked: list[str], tmp_path: Path
) -> None:
    command = ["run", "--model", "darkest", "--option", "factor=0.75", "--out", "run", *asked]
    done = syncbench(*command)
    assert done.returncode == 0, done.stderr
    beside = load_run(tmp_path / "run/beside/darker")
    assert beside.manifest.settings == {"factor": "0.75"}, "it has the options that it was named with"
    assert beside.manifest.clips == load_run(tmp_path / "run").manifest.clips
    assert models(tmp_path / "run") == ["darker", "darkest", "reference", "shuffled", "frozen"]
    printed = done.stdout
    assert printed.index("darker ") < printed.index("darkest ") < printed.index("reference (real video)")
    assert syncbench("verify", "run/beside/darker").returncode == 0
    journal = (tmp_path / "run/beside/darker/journal.jsonl").read_bytes()
    assert syncbench(*command).returncode == 0
    assert (tmp_path / "run/beside/darker/journal.jsonl").read_bytes() == journal, "done work is not done again"


@pytest.mark.parametrize("alone", ["--alone", "--no-anchors"])
def test_a_run_may_stand_alone(syncbench: Command, asked: list[str], tmp_path: Path, alone: str) -> None:
    done = syncbench("run", "--model", "darkest", "--out", "run", *asked, alone)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "run/beside").exists()
    assert not (tmp_path / "run/anchors").exists()
    (tmp_path / "run.toml").write_text("alone = true\nbeside = false\n")
    done = syncbench("run", "--model", "darkest", "--out", "run", *asked, "--config", "run.toml")
    assert "unknown option in run.toml 'alone'" in done.stderr
    (tmp_path / "run.toml").write_text("beside = false\n")
    assert syncbench("run", "--model", "darkest", "--out", "run", *asked, "--config", "run.toml").returncode == 0
    assert not (tmp_path / "run/beside").exists()


def test_what_is_named_as_well_is_not_judged_twice(syncbench: Command, asked: list[str], tmp_path: Path) -> None:
    for name, model in (("a", "darkest"), ("b", "darkest"), ("c", "darker")):
        assert syncbench("run", "--model", model, "--out", name, *asked).returncode == 0
    anchors = ["reference", "shuffled", "frozen"]
    assert models(tmp_path / "a", tmp_path / "b") == ["darker", "darkest", "darkest", *anchors]
    runs = gather([tmp_path / "a", tmp_path / "c"])
    assert [run.path.name for run in runs] == ["a", "c", *anchors], "the run that was named stands for its twin"
    other = tmp_path / "d"
    assert syncbench("run", "--model", "darker", "--option", "factor=0.9", "--out", "d", *asked).returncode == 0
    assert models(tmp_path / "a", other) == ["darker", "darkest", "darker", *anchors], (
        "another setting is another system"
    )


def test_runs_of_a_folder_are_gathered_in_the_order_of_their_numbers(
    syncbench: Command, asked: list[str], tmp_path: Path
) -> None:
    for name in ("n=10", "n=9", "n=0.5"):
        assert syncbench("run", "--model", "darker", "--out", f"all/{name}", *asked, "--alone").returncode == 0
    assert [run.name for run in gather([tmp_path / "all"])] == ["n=0.5", "n=9", "n=10"]
    record = json.loads((tmp_path / "all/n=9/manifest.json").read_text())
    assert record["beside"] == {}
    (tmp_path / "all/n=9/summary.json").unlink()
    assert "n=9 has not ended" in syncbench("report", "all", "--out", "page").stderr
