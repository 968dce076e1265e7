"""Reliability scores."""

from __future__ import annotations

import torch

from syncbench.baselines.recognisers.scoring import Reliability


def test_scores_see_nineteen_frames_and_lie_between_nought_and_one() -> None:
    torch.manual_seed(0)
    module = Reliability(8, 16).eval()
    features = torch.randn(1, 60, 8)
    scores = module(features)
    assert scores.shape == (1, 60, 8)
    assert 0 < scores.min() < scores.max() < 1
    features[0, 30] += 1.0
    touched = (module(features) != scores).any(-1)[0].nonzero().flatten()
    assert (touched.min(), touched.max()) == (21, 39)
