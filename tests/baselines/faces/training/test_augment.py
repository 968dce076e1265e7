"""What is changed at random in the training of generators."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.baselines.faces.training.augment import Augment, mirror


def test_mirroring_turns_whole_samples() -> None:
    pixels = np.zeros((64, 2, 1, 2, 3), np.uint8)
    pixels[..., 1, :] = 1
    turned = mirror({"window": pixels, "other": pixels}, np.random.default_rng(0), ("window", "other"))
    assert (turned["window"] == turned["other"]).all()
    first = turned["window"][:, 0, 0, 0, 0]
    assert 10 < first.sum() < 54
    assert (turned["window"][:, 1, 0, 0, 0] == first).all()
    assert (pixels[..., 1, :] == 1).all()


def test_level_is_changed_alike_over_a_sample() -> None:
    chunks = np.zeros((5, 3, 80, 16), np.float32)
    changed = Augment(level=0.4).sound(chunks, np.random.default_rng(0))
    assert np.abs(changed).max() <= 0.4
    assert (changed == changed[:, :1, :1, :1]).all()
    assert len(np.unique(changed)) == 5
    assert Augment().sound(chunks, np.random.default_rng(0)) is chunks


@pytest.mark.parametrize("shape", [(40, 80, 16), (40, 3, 80, 16)])
def test_other_voices_move_the_bands_alike_over_a_sample(shape: tuple[int, ...]) -> None:
    chunks = np.broadcast_to(np.arange(80, dtype=np.float32)[:, None], shape)
    moved = Augment(bands=2).voice(chunks, np.random.default_rng(0))
    assert moved.shape == shape
    shifts = moved[..., 40, :] - 40
    assert set(shifts.ravel().tolist()) == {-2, -1, 0, 1, 2}
    assert (shifts == shifts.reshape(40, -1)[:, 0].reshape(40, *[1] * (shifts.ndim - 1))).all()
    assert moved.min() == 0  # beyond the ends the last band is repeated
    assert moved.max() == 79
    np.testing.assert_array_equal(Augment().voice(chunks, np.random.default_rng(0)), chunks)
