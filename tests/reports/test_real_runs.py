"""Real clips through the real engine, into every report: what the command does, without the command."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import syncbench
from syncbench.reports.decisions.compare import compare
from syncbench.reports.decisions.gate import gate
from syncbench.reports.decisions.policy import Limits, Policy
from syncbench.reports.report import gather, report
from syncbench.reports.section import tables_of
from syncbench.runs import Run, load_run


@pytest.fixture(scope="module")
def runs(lrs2_grid: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """The anchors on eight real clips."""
    folder = tmp_path_factory.mktemp("real")
    root = lrs2_grid
    return {
        model: syncbench.run(model=model, dataset="lrs2", root=root, metrics=["lse"], out=folder / model)
        for model in ("reference", "frozen")
    }


def test_the_page_of_real_clips_shows_the_real_video_and_the_answer(runs: dict[str, Run], tmp_path: Path) -> None:
    page = report([run.path for run in runs.values()], tmp_path / "out")
    text = page.read_text()
    assert text.count('class="duet"') == 12  # three worst and three best of each
    media = {path.name for path in (tmp_path / "out" / "media").iterdir()}
    assert media
    assert all(f"media/{name}" in text for name in media)
    assert (tmp_path / "out" / "figures" / "shift.pdf").is_file()
    lines = list(csv.DictReader((tmp_path / "out" / "leaderboard.csv").open()))
    measured = {(line["anchor"], line["score"]): line for line in lines if line["measured"] == "yes"}
    assert measured["reference", "LSE-C"]["n"] == "8"
    assert float(measured["reference", "LSE-C"]["value"]) > float(measured["frozen", "LSE-C"]["value"])


def test_a_frozen_face_fails_a_gate_that_the_real_video_passes(runs: dict[str, Run]) -> None:
    policy = Policy(min_clips=8, scores={"lse_c": Limits(relative=0.05), "lse_d": Limits(relative=0.05)})
    assert gate(runs["frozen"], runs["reference"], policy).exit_code == 1
    assert gate(runs["reference"], runs["reference"], policy).exit_code == 0
    assert gate(runs["reference"], runs["frozen"], policy).exit_code == 0
    assert gate(runs["frozen"], runs["reference"], policy.model_copy(update={"min_clips": 20})).exit_code == 2


def test_comparisons_and_tables_agree_with_the_runs(runs: dict[str, Run]) -> None:
    result = compare(runs["reference"], runs["frozen"])
    lse_c = next(d for d in result.differences if d.name == "lse_c")
    assert lse_c.verdict == "B worse"
    real, frozen = (runs[name].score("lse_c").value for name in ("reference", "frozen"))
    assert real is not None
    assert frozen is not None
    assert lse_c.difference == pytest.approx(frozen - real)
    (table,) = tables_of(gather([run.path for run in runs.values()]))
    assert not table.systems
    assert {row.anchor for row in table.anchors} == set(runs)
    assert all(cell.rank is None for row in table.anchors for cell in row.cells)
    assert load_run(runs["frozen"].path).summary == runs["frozen"].summary
