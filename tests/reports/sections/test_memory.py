"""What a memory holds: out of one real run, and of runs that kept no pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from syncbench.metrics.memory_slots import monotonicity
from syncbench.reports.report import report
from syncbench.reports.sections.memory import memory_tables
from syncbench.runs import Run

from ..conftest import MakeRun


def test_one_run_and_one_report_give_every_table_and_figure(spoken: list[Run], tmp_path: Path) -> None:
    page = report([run.path for run in spoken], tmp_path).read_text()
    for kind in ("memory", "slots", "blend", "phones"):
        drawn = {path.suffix for path in (tmp_path / "figures").glob(f"{kind}-*")}
        assert drawn == {".pdf", ".svg", ".png"}, kind
        assert f'src="figures/{kind}-' in page
    assert "Where sync is lost" in page
    lines = list(csv.DictReader((tmp_path / "leaderboard.csv").open()))
    said = {line["score"]: line for line in lines if line["system"] == "synctalkface"}
    assert {
        "NMI(phone, slot)",
        "NMI by chance",
        "Slot agreement",
        "Blend monotonicity",
        "M-LMD bilabial",
    } <= said.keys()
    openings = next(iter(spoken[0].probes().values()))["blend_opening"]
    assert float(said["Blend monotonicity"]["value"]) == pytest.approx(monotonicity(openings))


def test_runs_without_pictures_say_so(make_run: MakeRun) -> None:
    (table,) = memory_tables([make_run("old", [7.0, 8.0, 7.5], traces=True)])
    assert table.rows[0].cells[-1].value is None
    assert any("kept no blends" in note for note in table.notes)
    assert memory_tables([make_run("other", [7.0, 8.0])]) == []
