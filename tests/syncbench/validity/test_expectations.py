"""What was promised is about scores and faults that exist."""

from __future__ import annotations

from syncbench import registry
from syncbench.validity.expectations import EXPECTED, expected
from syncbench.validity.faults import LADDERS


def test_every_promise_is_about_a_score_and_a_ladder_that_exist() -> None:
    scores = {spec.name for metric in registry.metrics().values() for spec in metric.scores}
    assert set(EXPECTED) <= scores
    assert {ladder for row in EXPECTED.values() for ladder in row} <= {ladder.name for ladder in LADDERS}
    assert {sign for row in EXPECTED.values() for sign in row.values()} <= {"+", "-", "0"}


def test_what_is_not_listed_is_not_promised() -> None:
    assert expected("psnr", "blur") == "-"
    assert expected("lse_c", "blur") == ""
    assert expected("brightness", "blur") == ""
