"""Evidence is of scores that exist, and says what measured it."""

from __future__ import annotations

from syncbench import registry
from syncbench.validity.evidence import evidence
from syncbench.validity.faults import LADDERS


def test_stored_evidence_is_of_scores_that_exist() -> None:
    scores = {spec.name for metric in registry.metrics().values() for spec in metric.scores}
    assert all(text for text in evidence(scores))


def test_the_evidence_of_one_score_has_a_line_for_each_ladder() -> None:
    head, *lines = evidence(["lse_c"])
    assert head.startswith("measured with ")
    assert [text.split()[0] for text in lines] == [ladder.name for ladder in LADDERS]
    assert evidence(["brightness"]) == []
