"""Dropout from random bytes."""

from __future__ import annotations

import pytest
import torch

from syncbench.baselines.recognisers.dropout import Dropout


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    x, drop = torch.ones(37, 101), Dropout(0.25)
    dropped = drop(x)
    assert dropped.unique().tolist() == pytest.approx([0.0, 4 / 3])
    for place in range(8):  # each of the eight bytes of a number
        assert (dropped.flatten()[place::8] == 0).float().mean() == pytest.approx(0.25, abs=0.08)
    assert not torch.equal(dropped, drop(x))
    torch.manual_seed(0)
    assert torch.equal(dropped, drop(x))
    assert torch.equal(drop.eval()(x), x)
