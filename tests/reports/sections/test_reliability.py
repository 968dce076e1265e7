"""Reliability over time is drawn of the condition that corrupts most, and held against the levels of all conditions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench.reports.figures.drawing import style
from syncbench.reports.sections.reliability import level_tables, reliability, spans
from syncbench.runs import Request, run


def test_spans_are_where_levels_are() -> None:
    level = np.array([1.0, np.nan, np.nan, 2.0, 2.0, np.nan, 0.0])
    assert spans(level) == [(0, 1), (3, 5), (6, 7)]
    assert spans(np.full(4, np.nan)) == []
    assert spans(np.zeros(3)) == [(0, 3)]


def test_the_figure_comes_out_of_a_run(lrs2_grid: Path, tmp_path: Path) -> None:
    from syncbench.baselines.recognisers import systems

    if not Path(systems.__file__).with_name("relscore.safetensors").is_file():
        pytest.fail("the bundled AV-RelScore weights are missing")
    request = Request(
        model="av-relscore", dataset="lrs2", root=str(lrs2_grid), limit=1,
        metrics=("reliability", "reliability_rank"), options={"decode": "greedy"},
        audio=("white-gaps@0", "white@10"), visual=("clean", "both"),
    )  # fmt: skip
    done = run(request, tmp_path / "run", workers=1)
    with style():
        canvas = reliability([done], 3.3)
        assert canvas is not None
        canvas.draw_without_rendering()
    video, audio = canvas.axes
    assert video.get_title("left").endswith("white-gaps@0 + both")
    assert len(video.lines[0].get_xdata()) == 75
    assert len(video.patches) >= 2
    assert len(audio.patches) >= 1
    assert reliability([], 3.3) is None

    (table,) = level_tables([done])
    assert [column.key for column in table.columns] == ["rho_occlusion", "rho_gaussian", "rho_blur", "rho_snr"]
    snr = table.rows[0].cells[-1].value  # no single condition has two levels of noise
    assert snr is not None
    assert -1 <= snr <= 1
    alone = [s.value for s in done.summary.scores if s.name == "rho_snr"]
    assert alone == [None] * len(done.conditions)
    assert level_tables([]) == []
