"""A score that says nothing of a clip is withheld for it: the count, the reason and every reader of the run say so."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from syncbench.runs import load_run
from syncbench.signature import parse

from .conftest import Command, Done

POLICY = "min_clips = 2\n\n[scores.brightness_change]\nabsolute = 5.0\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "tones"
    folder.mkdir()
    return folder


def run(syncbench: Command, root: Path, out: str, withhold: str = "", *more: str) -> Done:
    asked = ["run", "--model", "darker", "--dataset", "tone", "--root", str(root), "--out", out, "--no-anchors"]
    asked += ["--metrics", "brightness", "--workers", "1", "--fail-on", "1.0", *more]
    done = syncbench(*asked, EXAMPLE_WITHHOLD=withhold)
    assert done.returncode == 0, done.stderr
    return done


def test_what_is_withheld_leaves_the_count_and_keeps_its_row(syncbench: Command, root: Path, tmp_path: Path) -> None:
    run(syncbench, root, "all")
    run(syncbench, root, "some", "tone/1 tone/3")
    whole, found = load_run(tmp_path / "all"), load_run(tmp_path / "some")
    score, other = found.score("brightness_change"), found.score("brightness")
    assert (score.n, score.failed, score.withheld) == (2, 2, 2)
    assert (other.n, other.failed, other.withheld) == (4, 2, 0), "the other score of the family counts every clip"
    assert other.value == whole.score("brightness").value
    assert score.reason == "withheld for 2 of 6 clips, the first tone/1: the lamp of tone/1 flickers"
    assert parse(score.signature)[1]["n"] == "2"
    assert (score.coverage, other.coverage) == (0.5, 1)
    rows, before = (of.to_pandas().set_index(["clip", "score"]) for of in (found, whole))
    kept = [before.value[f"tone/{i}", "brightness_change"] for i in (0, 2)]
    assert score.value == pytest.approx(sum(kept) / 2)
    assert score.low is not None
    assert score.high is not None
    assert min(kept) <= score.low <= score.high <= max(kept)
    assert math.isnan(rows.value["tone/1", "brightness_change"])
    assert rows.reason["tone/1", "brightness_change"] == "withheld: the lamp of tone/1 flickers"
    assert rows.coverage["tone/1", "brightness_change"] == 0
    assert not found.summary.failures[2:], "it is no failure: the missing and the empty clip alone failed"
    assert list(found.measurements("brightness", score="brightness_change")) == ["tone/0", "tone/2"]
    assert syncbench("verify", "some").returncode == 0


def test_the_terminal_says_how_many_and_why(syncbench: Command, root: Path) -> None:
    said = " ".join(run(syncbench, root, "some", "tone/1").stdout.split())
    assert "(3/6)" in said
    assert "Δ (brightness): withheld for 1 of 6 clips, the first tone/1: the lamp of tone/1 flickers" in said


def test_a_score_withheld_for_all_is_no_zero(syncbench: Command, root: Path, tmp_path: Path) -> None:
    done = run(syncbench, root, "none", " ".join(f"tone/{i}" for i in range(4)))
    score = load_run(tmp_path / "none").score("brightness_change")
    assert (score.value, score.n, score.failed, score.withheld, score.coverage) == (None, 0, 2, 4, 0)
    assert "withheld for 4 of 6 clips" in score.reason
    assert "withheld" in done.stdout
    assert syncbench("verify", "none").returncode == 0
    assert syncbench("report", "none", "--out", "out").returncode == 0
    rows = list(csv.DictReader((tmp_path / "out" / "leaderboard.csv").open()))
    cell = next(row for row in rows if row["score"] == "Δ")
    assert (cell["value"], cell["n"], cell["withheld"]) == ("", "0", "4")
    assert cell["note"].startswith("withheld for 4 of 6 clips")
    page = (tmp_path / "out" / "index.html").read_text()
    assert "withheld for 4 of 6 clips, the first tone/0: the lamp of tone/0 flickers" in page
    assert "withheld" in (tmp_path / "out" / "leaderboard.md").read_text()
    assert "{withheld}" in (tmp_path / "out" / "leaderboard.tex").read_text()


def test_the_same_command_again_keeps_what_it_withholds(syncbench: Command, root: Path, tmp_path: Path) -> None:
    run(syncbench, root, "run", "tone/1 tone/2")
    first = (tmp_path / "run" / "summary.json").read_bytes()
    run(syncbench, root, "run")
    assert (tmp_path / "run" / "summary.json").read_bytes() == first


def test_compare_holds_the_clips_against_each_other_that_both_count(syncbench: Command, root: Path) -> None:
    run(syncbench, root, "a", "tone/1")
    run(syncbench, root, "b", "tone/2", "--option", "factor=0.4")
    told = json.loads(syncbench("compare", "a", "b", "--json").stdout)
    by_name = {found["name"]: found for found in told["differences"]}
    assert (by_name["brightness"]["n"], by_name["brightness_change"]["n"]) == (4, 2)
    ((label, why),) = told["withheld"]
    assert label == "brightness_change"
    assert "a: withheld for 1 of 6 clips, the first tone/1" in why
    assert "b: withheld for 1 of 6 clips, the first tone/2" in why


def test_the_gate_says_what_is_withheld_and_takes_a_clip_that_was_counted_for_lost(
    syncbench: Command, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "policy.toml").write_text(POLICY)
    run(syncbench, root, "before", "tone/1")
    run(syncbench, root, "after", "tone/1")
    run(syncbench, root, "fewer", "tone/1 tone/2")
    asked = ["--against", "before", "--policy", "policy.toml"]
    same = syncbench("gate", "after", *asked)
    assert same.returncode != 1, same.stdout
    assert "withheld for 1 of 6 clips, the first tone/1" in " ".join(same.stdout.split())
    (verdict,) = json.loads(syncbench("gate", "after", *asked, "--json").stdout)["verdicts"]
    assert verdict["n"] == 3
    assert verdict["withheld"].startswith("withheld for 1 of 6 clips")
    lost = syncbench("gate", "fewer", *asked)
    assert lost.returncode == 1
    assert (
        "1 clips that the baseline measured failed or are withheld, the first tone/2: withheld: the lamp of tone/2 flickers"
        in " ".join(lost.stdout.split())
    )


def test_a_score_is_not_withheld_and_counted(syncbench: Command, root: Path, tmp_path: Path) -> None:
    asked = ["run", "--model", "darker", "--dataset", "tone", "--root", str(root), "--out", "odd", "--no-anchors"]
    done = syncbench(*asked, "--metrics", "brightness", "--workers", "1", EXAMPLE_WITHHOLD_ODDLY="1")
    assert done.returncode == 1
    (failure, *_) = [f for f in load_run(tmp_path / "odd").summary.failures if f.stage == "brightness"]
    assert "withholds the score 'brightness' and counts something for it" in failure.reason
