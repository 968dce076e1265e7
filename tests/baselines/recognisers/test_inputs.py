"""Mouths aligned on a canonical face."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.baselines.recognisers import inputs
from syncbench.errors import ClipError


def test_mouths_stay_put_while_the_head_turns_and_moves() -> None:
    rng = np.random.default_rng(0)
    face = rng.uniform(40, 100, (68, 2))
    face[list(inputs.STABLE)] = inputs.CANONICAL * 0.5
    face[48:68] = np.array([65.0, 78.0]) + rng.uniform(-6, 6, (20, 2))
    face[[48, 54]] = inputs.CANONICAL[[6, 7]] * 0.5
    y, x = np.mgrid[:160, :160]
    still, moving = [], []
    for t in range(20):
        angle, shift = 0.3 * t / 20, np.array([1.0 * t, 0.5 * t])
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        marks = face @ turn.T + shift
        centre = marks[48:68].mean(axis=0)
        moving.append(marks)
        blob = 255 * np.exp(-(((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / 50))
        still.append(np.repeat(blob[..., None], 3, axis=2))
    crops = inputs.mouth_crops(np.array(still).astype(np.uint8), np.array(moving), 32)
    assert crops.shape == (20, 32, 32)
    spread = np.abs(crops.astype(int) - crops[10].astype(int)).max(axis=(1, 2))
    assert spread.max() < 40  # of 255, although the mouth went 20 pixels to the right
    assert crops[:, 15:17, 15:17].min() > 180
    with pytest.raises(ClipError, match="landmarks for 19"):
        inputs.mouth_crops(np.array(still).astype(np.uint8), np.array(moving)[:19], 32)
