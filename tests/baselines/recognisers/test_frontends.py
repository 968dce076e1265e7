"""The front ends' mel bands."""

from __future__ import annotations

import pytest
import torch

from syncbench.baselines.recognisers.frontends import mel_filters


def test_mel_bands_cover_the_spectrum_evenly() -> None:
    filters = mel_filters(64, 257)
    assert (filters.sum(dim=1) > 0).all()
    inner = filters.sum(dim=0)[4:250]
    assert inner == pytest.approx(torch.ones_like(inner), abs=0.35)
    peaks = filters.argmax(dim=1)
    assert (peaks.diff() >= 0).all()
