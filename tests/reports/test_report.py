"""The report of runs: everything people open and papers print."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from syncbench.errors import CommandError
from syncbench.reports.report import gather, report

from .conftest import MakeRun, near

values = partial(near, clips=24)


def test_report_writes_everything_and_takes_anchors_along(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("cals", values(0.5, 1), failures={"s1/bad": "no face"})
    make_run("reference", values(0, 2), folder=run.path / "anchors")
    make_run("frozen", values(-4, 3), folder=run.path / "anchors")
    page = report([run.path, run.path], tmp_path / "out")
    assert page == tmp_path / "out" / "index.html"
    found = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert {"index.html", "leaderboard.md", "leaderboard.tex", "leaderboard.csv", "report.md"} <= found
    assert any(name.startswith("media/") for name in found)
    assert "figures/shift.pdf" in found
    told = (tmp_path / "out" / "report.md").read_text()
    assert "failed: <code>s1/bad</code> in answer: no face" in told
    assert told.count("## cals") == 1
    assert "*reference (real video)* (anchor)" in told
    assert [r.manifest.model for r in gather([run.path])] == ["cals", "reference", "frozen"]


def test_the_same_anchor_beside_two_systems_is_one_row(make_run: MakeRun) -> None:
    runs = [make_run("a", values(0, 1)), make_run("b", values(0, 2))]
    for run in runs:
        make_run("reference", values(0, 3), folder=run.path / "anchors")
    assert [run.manifest.model for run in gather([run.path for run in runs])] == ["a", "b", "reference"]


def test_what_is_no_run_or_cannot_be_written_is_one_clear_line(make_run: MakeRun, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a run"):
        report([tmp_path], tmp_path / "out")
    with pytest.raises(CommandError, match="at least one run"):
        report([], tmp_path / "out")
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be written"):
        report([make_run("a", values(0, 1)).path], tmp_path / "file")


def test_a_run_in_which_everything_failed_is_still_a_report(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("a", [], failures={"s1/bad": "no face", "s1/worse": "empty file"})
    text = report([run.path], tmp_path / "out").read_text()
    assert "no clip could be measured; the first: no face" in text
    assert "empty file" in text
    assert "no clip could be measured" in (tmp_path / "out" / "leaderboard.md").read_text()
