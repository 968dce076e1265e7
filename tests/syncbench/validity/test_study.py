"""The study finds answers that are known, and says plainly where there are none."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from syncbench import registry
from syncbench.contracts import Clip
from syncbench.validity.evidence import evidence, line, verdict
from syncbench.validity.expectations import EXPECTED
from syncbench.validity.faults import LADDERS
from syncbench.validity.figure import draw
from syncbench.validity.study import Answer, Step, from_json, study, to_json


def answer(score: str, ladder: str, values: list[float], tau: float, smallest: float | None) -> Answer:
    steps = tuple(Step(float(i), value, None, None) for i, value in enumerate(values))
    return Answer(score, ladder, "px", tau, None, None, smallest, 5, steps)


def test_every_promise_is_about_a_score_and_a_ladder_that_exist() -> None:
    scores = {spec.name for metric in registry.metrics().values() for spec in metric.scores}
    assert set(EXPECTED) <= scores
    assert {ladder for row in EXPECTED.values() for ladder in row} <= {ladder.name for ladder in LADDERS}
    assert {sign for row in EXPECTED.values() for sign in row.values()} <= {"+", "-", "0"}


def test_verdicts_follow_the_promise() -> None:
    assert verdict(answer("psnr", "blur", [40, 30, 20], -1.0, 1)) == "holds"
    assert verdict(answer("psnr", "blur", [40, 30, 35], -0.33, 1)) == "fails"
    assert verdict(answer("psnr", "blur", [20, 30, 40], 1.0, 1)) == "fails"
    assert verdict(answer("lse_c", "colour_cast", [5, 5, 5], 0.2, None)) == "holds"
    assert verdict(answer("lse_c", "colour_cast", [5, 4, 3], -1, 1)) == "fails"
    assert verdict(answer("lse_c", "blur", [5, 4, 3], -1, 1)) == "", "nothing was promised"


def test_study_measures_what_is_known() -> None:
    listed = registry.dataset("synthetic").clips(None, "test", 2, 0)
    clips = [dataclasses.replace(clip, end=0.6) for clip in listed if isinstance(clip, Clip)]
    answers = {(a.score, a.ladder): a for a in study(["image_quality"], clips, 0, 1)}
    assert len(answers) == 2 * len(LADDERS)
    noise = answers["psnr", "noise"]
    assert noise.tau == pytest.approx(-1)
    assert noise.smallest == LADDERS[6].levels[1]
    assert noise.clips == 2
    assert verdict(noise) == "holds"
    assert answers["psnr", "audio_shift"].tau == 0
    assert "must not care" in line(answers["psnr", "audio_shift"])
    assert from_json(to_json(answers.values())) == list(answers.values())


def test_stored_evidence_is_of_scores_that_exist() -> None:
    scores = {spec.name for metric in registry.metrics().values() for spec in metric.scores}
    assert all(text for text in evidence(scores))


def test_figures_show_every_ladder(tmp_path: Path) -> None:
    drawn = [answer("lse_c", ladder.name, [5, 4, 3], -1, 1) for ladder in LADDERS]
    draw(drawn, tmp_path / "lse_c.svg")
    text = (tmp_path / "lse_c.svg").read_text()
    assert text.count('id="axes_') == len(LADDERS) + 1, "eleven panels and an empty place"
