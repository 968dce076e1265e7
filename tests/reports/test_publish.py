"""A leaderboard folder: what is there, and two writers at once."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from syncbench.errors import CommandError
from syncbench.reports.publish import INDEX, model_index, publish, published
from syncbench.runs import verify

from .conftest import MakeRun


def index(folder: Path) -> list[str]:
    return [entry["run"] for entry in json.loads((folder / INDEX).read_text())["runs"]]


def test_runs_gather_and_the_index_is_rebuilt_from_what_is_there(make_run: MakeRun, tmp_path: Path) -> None:
    board = tmp_path / "board"
    first = publish(make_run("a", [7.0, 8.0, 6.5]), board)
    publish(make_run("b", [6.0, 7.0, 6.5]), board)
    assert index(board) == ["a", "b"]
    assert "LSE-C" in (board / "leaderboard.md").read_text()
    assert {line["run"] for line in csv.DictReader((board / "leaderboard.csv").open())} == {"a", "b"}
    assert [run.name for run in published(board)] == ["a", "b"]
    (first / "manifest.json").unlink()  # a damaged run is passed over, not fatal
    publish(make_run("c", [6.0, 7.0, 6.5]), board)
    assert index(board) == ["b", "c"]
    assert not [path for path in board.rglob("*") if path.name.startswith(".")]


def test_the_same_run_twice_is_one_entry_and_two_runs_of_one_name_are_two(make_run: MakeRun, tmp_path: Path) -> None:
    board = tmp_path / "board"
    run = make_run("a", [7.0, 8.0, 6.5])
    assert publish(run, board) == publish(run, board)
    publish(make_run("a", [1.0, 2.0, 3.0], folder=tmp_path / "elsewhere"), board)
    assert index(board) == ["a", "a"]


def test_a_published_run_is_whole(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("a", [7.0, 8.0, 6.5], traces=True)
    publish(run, tmp_path / "board")
    (copy,) = published(tmp_path / "board")
    assert copy.summary == run.summary
    assert set(copy.traces("s0/clip000")) == set(run.traces("s0/clip000"))
    assert copy.measurements("lse") == run.measurements("lse")
    assert verify(copy.path) == []


def test_writers_at_the_same_time_lose_nothing(make_run: MakeRun, tmp_path: Path) -> None:
    board = tmp_path / "board"
    runs = [make_run(f"m{i}", [7.0 + i, 8.0, 6.5]).path for i in range(4)]
    code = (
        "import sys; from pathlib import Path; from syncbench.runs import load_run; "
        "from syncbench.reports.publish import publish; "
        "[publish(load_run(p), Path(sys.argv[1])) for p in sys.argv[2:]]"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(board), *map(str, part)]) for part in (runs[:2], runs[1:])
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    assert index(board) == ["m0", "m1", "m2", "m3"]


def test_anchors_come_along(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("a", [7.0, 8.0, 6.5])
    make_run("reference", [7.5, 8.0, 6.5], folder=run.path / "anchors")
    publish(run, tmp_path / "board")
    assert index(tmp_path / "board") == ["a"]
    assert "*reference (real video)* (anchor)" in (tmp_path / "board" / "leaderboard.md").read_text()


def test_a_folder_that_cannot_be_written_is_one_clear_line(make_run: MakeRun, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be written"):
        publish(make_run("a", [7.0, 8.0]), tmp_path / "file")


def test_names_cannot_leave_the_folder(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("x", [7.0, 8.0], name="..evil name;rm")
    path = publish(run, tmp_path / "board")
    assert path.parent == tmp_path / "board" / "runs"
    assert path.name.startswith("evil-name-rm-")


def test_model_index_is_yaml_that_text_cannot_break_out_of(make_run: MakeRun) -> None:
    yaml = pytest.importorskip("yaml")
    hostile = 'x"\n---\nlicense: evil # \u2028 {{}} é 日本'
    text = model_index(make_run(hostile, [7.0, 8.0, 6.5], name="hostile"))
    (card, _) = yaml.safe_load_all(text)
    (entry,) = card["model-index"]
    assert set(card) == {"model-index"}
    assert entry["name"].startswith('x" --- license: evil')
    (result,) = entry["results"]
    assert result["task"]["type"] == "talking-face-generation"
    metrics = {m["type"]: m["value"] for m in result["metrics"]}
    assert metrics["lse_c"] == pytest.approx(7.1667, abs=1e-4)
