"""How well lips can be read, drawn."""

from __future__ import annotations

import dataclasses

from syncbench.reports.figures.drawing import style
from syncbench.reports.sections.readability import readability

from ..conftest import BASE, MakeRun


def test_lip_readability_makes_bars(make_run: MakeRun) -> None:
    run = make_run("a", list(BASE[:12]))
    read = dataclasses.replace(
        run.summary.scores[0],
        name="lip_wer",
        metric="readability",
        title="Lip WER",
        unit="%",
        value=80.0,
        low=70.0,
        high=90.0,
    )
    heard = dataclasses.replace(run, summary=run.summary.model_copy(update={"scores": [read]}))
    with style():
        canvas = readability([run, heard], 3.25)
        assert canvas is not None
        assert len(canvas.axes[0].patches) == 1
        assert readability([run], 3.25) is None
