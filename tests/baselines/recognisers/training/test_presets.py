"""How the recognisers are optimised."""

from __future__ import annotations

import pytest

from syncbench.baselines.recognisers.training.presets import EMBEDDED_STAGES, PAPER_STAGE, Epochs


def test_the_paper_rate_is_the_transformers_formula() -> None:
    paper = PAPER_STAGE.optimisation(100_000)
    for step in (1, 12_500, 25_000, 100_000):
        wanted = 256**-0.5 * min(step**-0.5, step * 25_000**-1.5)
        assert paper.rate * paper.factor(step - 1) == pytest.approx(wanted, rel=1e-9)


def test_the_embedded_rate_rises_over_eight_per_cent_and_ends_at_nought() -> None:
    audio = EMBEDDED_STAGES["audio"].optimisation(100)
    assert audio.factor(0) == pytest.approx(1 / 8)
    assert audio.factor(7) == 1.0
    assert audio.factor(53) == pytest.approx(0.5)  # half way through the fall from step 8 to step 100
    assert audio.factor(99) == 0.0


def test_an_epoch_has_the_steps_of_its_examples_and_a_share_of_the_further_ones() -> None:
    assert Epochs(1, batch=8).steps(33, 0) == 4
    assert Epochs(1, batch=8, also=0.25).steps(40, 8) == 4  # 32 and 2 of 8
    assert Epochs(1, batch=8, also=1.0).steps(40, 8) == 5
