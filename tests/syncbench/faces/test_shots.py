"""Cuts between shots."""

from __future__ import annotations

import numpy as np

from syncbench.faces.shots import cuts, thumbnails


def _scene(seed: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    still = rng.integers(0, 256, (9, 16, 3)).repeat(20, axis=0).repeat(20, axis=1)
    return np.stack([np.clip(np.roll(still, n, axis=1) + rng.normal(0, 4, still.shape), 0, 255) for n in range(count)])


def test_shots_begin_where_the_picture_changes_at_once() -> None:
    frames = np.concatenate([_scene(1, 12), _scene(2, 7), _scene(3, 5)]).astype(np.uint8)
    assert cuts(thumbnails(frames)).tolist() == [0, 12, 19]


def test_a_fade_is_no_cut() -> None:
    frame = _scene(4, 1)[0]
    fade = np.stack([frame * share for share in np.linspace(1, 0, 25)]).astype(np.uint8)
    assert cuts(thumbnails(fade)).tolist() == [0]


def test_thumbnails_of_any_size() -> None:
    for shape in ((10, 12), (160, 160), (1080, 1920), (17, 333)):
        small = thumbnails(np.full((2, *shape, 3), 77, np.uint8))
        assert small.shape == (2, 16, 16, 3)
        np.testing.assert_allclose(small, 77)
