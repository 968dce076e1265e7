"""Sweeping an option: a run for each value, anchors once, and what the report makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from syncbench.runs import Request, swept

from .conftest import Command


@pytest.fixture
def asked(tmp_path: Path) -> list[str]:
    root = tmp_path / "tones"
    root.mkdir()
    shared = ["--dataset", "tone", "--root", str(root), "--limit", "4", "--metrics", "brightness", "--workers", "1"]
    return ["run", "--model", "darker", *shared]


def done_work(folder: Path) -> list[list[str]]:
    """Return the lines of every journal but those of failures: only these are tried again."""
    journals = sorted(folder.rglob("journal.jsonl"))
    return [[line for line in path.read_text().splitlines() if '"status":"done"' in line] for path in journals]


def test_each_value_is_a_run_and_anchors_run_once(syncbench: Command, asked: list[str], tmp_path: Path) -> None:
    command = [*asked, "--sweep", "factor=1,0.25,0.5", "--out", "swept"]
    done = syncbench(*command)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "swept").iterdir()} == {
        "factor=1", "factor=0.25", "factor=0.5", "anchors"
    }  # fmt: skip
    assert not (tmp_path / "swept/factor=1/anchors").exists()
    for name in ("factor=1", "factor=0.5", "anchors/frozen"):
        assert syncbench("verify", f"swept/{name}").returncode == 0
    best = done.stdout[done.stdout.index("Best factor: darker") :]
    (row,) = (line for line in best.splitlines() if line.startswith("│ Δ "))
    assert [cell.strip() for cell in row.split("│")[2:4]] == ["1", "1"], "all the light is nearest to the real one"
    before = done_work(tmp_path / "swept")
    assert syncbench(*command).returncode == 0
    assert done_work(tmp_path / "swept") == before
    said = json.loads(syncbench(*command, "--json").stdout)
    assert list(said) == ["factor=1", "factor=0.25", "factor=0.5"]


def test_the_report_of_a_sweep_has_its_curve(syncbench: Command, asked: list[str], tmp_path: Path) -> None:
    assert syncbench(*asked, "--sweep", "factor=1,0.5", "--out", "swept", "--fail-on", "9").returncode == 0
    done = syncbench("report", "swept", "--out", "page")
    assert done.returncode == 0, done.stderr
    assert "By factor&#58; darker · tone/test · self pairing" in (tmp_path / "page/report.md").read_text()
    assert "frozen (one frame)" in done.stdout
    assert list((tmp_path / "page/figures").glob("factor-darker-tone-*.pdf"))
    assert "Best factor" in done.stdout


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--sweep", "factor"], "--sweep takes KEY=V1,V2,..., such as context=0,4,13, not 'factor'"),
        (["--sweep", "=1,2"], "--sweep takes KEY=V1,V2,..."),
        (["--sweep", "factor=1,,2"], "--sweep takes KEY=V1,V2,..."),
        (["--sweep", ""], "--sweep takes KEY=V1,V2,..."),
        (["--sweep", "factor=1"], "has one value: name two or more, or use --option factor=1"),
        (["--sweep", "factor=1,0.5,1"], "has 1 twice"),
        (["--sweep", "factor=1,0.5", "--option", "factor=1"], "leave out --option factor=1"),
        (["--sweep", "factor=1,dim"], "--option factor=dim of model 'darker': Input should be a valid number"),
    ],
)
def test_a_bad_sweep_is_one_line_before_anything_runs(
    syncbench: Command, asked: list[str], tmp_path: Path, more: list[str], says: str
) -> None:
    done = syncbench(*asked, *more, "--out", "swept")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if not line.startswith("syncbench: warning: ")]
    assert len(lines) == 1, done.stderr
    assert says in lines[0]
    assert not (tmp_path / "swept").exists()


def test_a_sweep_does_not_go_into_a_run(syncbench: Command, asked: list[str]) -> None:
    assert syncbench(*asked, "--out", "run", "--alone").returncode == 0
    assert "run is one run, no folder for a sweep" in syncbench(*asked, "--out", "run", "--sweep", "factor=1,2").stderr


def test_values_that_are_no_file_names_get_folders_of_their_own(
    syncbench: Command, asked: list[str], tmp_path: Path
) -> None:
    assert syncbench(*asked, "--out", "swept", "--alone", "--sweep", "factor= 1 ,+0.5,1e-0").returncode == 0
    assert {path.name for path in (tmp_path / "swept").iterdir()} == {"factor=1", "factor=+0.5", "factor=1e-0"}
    folders = swept(Request(model="darker", dataset="tone"), "of this/that", ("1", "2"), Path("other"))
    assert all(path.name.startswith("of_this_that=") for path in folders)
    assert [dict(request.options) for request in folders.values()] == [{"of this/that": "1"}, {"of this/that": "2"}]
