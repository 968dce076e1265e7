"""Learning rates by hand, and groups of parameters with rates of their own."""

from __future__ import annotations

from math import sqrt

import pytest
import torch
from torch import nn

from syncbench.baselines.training.optimisation import Cosine, Group, Noam, Optimisation, optimiser_of

HIGH, LOW = 0.5 + sqrt(0.125), 0.5 - sqrt(0.125)  # half cosines at a quarter and three quarters of the way


@pytest.mark.parametrize(
    ("schedule", "wanted"),
    [
        (Cosine(), [1, 1, 1, 1, 1, 1, 1, 1]),
        (Cosine(warm_up=4), [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]),
        (Cosine(warm_up=2.5), [0.4, 0.8, 1, 1, 1, 1, 1, 1]),
        (Cosine(decay=0.5), [1, 1, 1, 1, 1, HIGH, 0.5, LOW]),
        (Cosine(decay=0.5, early=1), [1, 1, 1, 1, HIGH, 0.5, LOW, 0]),
        (Cosine(warm_up=2, decay=0.5, early=1), [0.5, 1, 1, 1, HIGH, 0.5, LOW, 0]),
        (Cosine(warm_up=16, decay=0.5), [1 / 16, 2 / 16, 3 / 16, 4 / 16, 5 / 16, 6 / 16 * HIGH, 7 / 32, LOW / 2]),
        (Cosine(decay=0.25), [1, 1, 1, 1, 1, 1, 1, 0.5]),
        (Noam(4), [0.25, 0.5, 0.75, 1, sqrt(4 / 5), sqrt(4 / 6), sqrt(4 / 7), sqrt(4 / 8)]),
        (Noam(1), [1 / sqrt(step) for step in range(1, 9)]),
    ],
)
def test_rates_are_those_computed_by_hand(schedule: Cosine | Noam, wanted: list[float]) -> None:
    asked = Optimisation(steps=8, batch=1, schedule=schedule)
    assert [asked.factor(step) for step in range(8)] == pytest.approx(wanted, abs=1e-12)


def test_a_full_decay_falls_from_the_first_step() -> None:
    asked = Optimisation(steps=4, batch=1, schedule=Cosine(decay=1.0))
    assert [asked.factor(step) for step in range(4)] == pytest.approx([1, HIGH, 0.5, LOW], abs=1e-12)


def test_a_group_has_its_own_share_of_the_rate_and_its_own_decay() -> None:
    network = nn.Linear(2, 2)
    groups = [Group((network.weight,)), Group((network.bias,), rate=0.5, weight_decay=0.0)]
    optimiser = optimiser_of(groups, Optimisation(steps=1, batch=1, weight_decay=0.1, betas=(0.8, 0.9)), 0.02)
    assert isinstance(optimiser, torch.optim.AdamW)
    assert [group["lr"] for group in optimiser.param_groups] == [0.02, 0.01]
    assert [group["weight_decay"] for group in optimiser.param_groups] == [0.1, 0.0]
    assert [group["scale"] for group in optimiser.param_groups] == [1.0, 0.5]
    assert {group["betas"] for group in optimiser.param_groups} == {(0.8, 0.9)}


def test_without_any_decay_it_is_plain_adam() -> None:
    optimiser = optimiser_of([Group(tuple(nn.Linear(2, 2).parameters()))], Optimisation(steps=1, batch=1), 0.02)
    assert type(optimiser) is torch.optim.Adam
