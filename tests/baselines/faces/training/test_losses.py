"""The losses of the generators' trainings, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from syncbench.baselines.faces.cals.training.losses import discriminative, masked_units, spans
from syncbench.baselines.faces.networks import SMALL_FACE, emphasis
from syncbench.baselines.faces.synctalkface.config import Config
from syncbench.baselines.faces.synctalkface.memory import Recall
from syncbench.baselines.faces.synctalkface.training.losses import align
from syncbench.baselines.faces.synctalkface.training.memory import memory_losses
from syncbench.baselines.faces.training.losses import frozen_copy, reconstruction, sync


def test_sync_loss_by_hand() -> None:
    along, across = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.6, 0.8]])
    assert float(sync(along, across)) == pytest.approx(-np.log(0.6), abs=1e-6)
    assert float(sync(along, across, 0.0)) == pytest.approx(-np.log(0.4), abs=1e-6)


def test_reconstruction_is_on_the_unit_scale_and_can_be_weighed() -> None:
    black, white = -torch.ones(1, 3, 64, 64), torch.ones(1, 3, 64, 64)
    assert float(reconstruction(black, white)) == pytest.approx(1.0)
    weights = emphasis(SMALL_FACE, 4.0)
    assert weights is not None
    assert float(reconstruction(black, white, weights)) == pytest.approx(1.0)  # the weights' mean is 1
    mouth, cheek = weights[29, 32], weights[60, 2]
    assert float(mouth / cheek) == pytest.approx(5.0, rel=0.02)


def test_frozen_copy_teaches_the_input_alone() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    x = torch.randn(4, 1, 2, 2, requires_grad=True)
    frozen_copy(network, x).pow(3).sum().backward()
    assert x.grad is not None
    assert all(p.grad is None for p in network.parameters())
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, before[key])


def test_align_is_the_kl_divergence_and_teaches_the_ear_alone() -> None:
    seen = torch.tensor([[0.5, 0.5], [1.0, 0.0]], requires_grad=True)
    heard = torch.tensor([[0.25, 0.75], [0.5, 0.5]], requires_grad=True)
    loss = align(seen, heard)
    by_hand = (0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75) + np.log(1.0 / 0.5)) / 2
    assert float(loss.detach()) == pytest.approx(by_hand, abs=1e-6)
    loss.backward()
    assert heard.grad is not None
    assert heard.grad.abs().sum() > 0
    assert seen.grad is None


def test_store_follows_the_code_or_the_paper() -> None:
    eye = Recall(torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0]]), torch.tensor([[0.0, 0.0]]))
    lips = torch.tensor([[1.0, 1.0]])
    code = memory_losses(eye, eye, lips, Config(store="embedding"))["store"]
    paper = memory_losses(eye, eye, lips, Config(store="lip"))["store"]
    assert float(code) == pytest.approx(2.0)  # mean of 4 and 0
    assert float(paper) == pytest.approx(1.0)


def test_spans_are_long_enough_and_cover_the_ratio() -> None:
    masked = spans(np.random.default_rng(0), 200, 60, ratio=0.3, span=5)
    assert (masked.mean(axis=1) >= 0.3).all()
    assert masked.mean() < 0.5
    for row in masked:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        assert (edges[1::2] - edges[::2] >= 5).all()


def test_short_windows_and_ratio_zero_mask_nothing() -> None:
    rng = np.random.default_rng(0)
    assert not spans(rng, 3, 5, ratio=0.3, span=5).any()
    assert not spans(rng, 3, 50, ratio=0.0, span=5).any()


def test_masked_units_by_hand() -> None:
    units = torch.tensor([[[1.0], [2.0], [4.0]]])
    masked = torch.tensor([[True, False, False]])
    # hidden error 1; visible errors 2 and 4, weighted by half
    assert float(masked_units(units, torch.zeros(1, 3, 1), masked, 0.5)) == pytest.approx(1 + 0.5 * 3)


def test_discriminative_term_by_hand() -> None:
    generated = torch.tensor([[1.0, 0.0]])
    real = torch.tensor([[[0.0, 1.0], [1.0, 0.0], [0.6, 0.8]]])
    every = torch.ones(1, 3, dtype=torch.bool)
    logits = np.array([0.0, 1.0, 0.6]) / 0.5
    wanted = -np.log(np.exp(logits[1]) / np.exp(logits).sum())
    assert float(discriminative(generated, real, every, right=1, temperature=0.5)) == pytest.approx(wanted, abs=1e-6)
    some = torch.tensor([[False, True, True]])
    wanted = -np.log(np.exp(logits[1]) / np.exp(logits[1:]).sum())
    assert float(discriminative(generated, real, some, right=1, temperature=0.5)) == pytest.approx(wanted, abs=1e-6)
