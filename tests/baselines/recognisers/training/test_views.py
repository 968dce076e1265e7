"""What frozen front ends make of clips, stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from syncbench.baselines.recognisers.network import build
from syncbench.baselines.recognisers.training.views import store_views

from ..tiny import TINY
from .made import examples


def test_views_hold_the_clip_as_it_is_and_corrupted_and_are_made_once(tmp_path: Path) -> None:
    made = examples(3)
    torch.manual_seed(0)
    front = build("audio", TINY).audio
    asked = []

    def seen(example, rng):
        asked.append(rng is None)
        wave = example.wave() if rng is None else example.wave() * rng.uniform(2.0, 3.0)
        return wave.astype(np.float32)

    def made_views(seed=0):
        return store_views(front, TINY.features, made, seen, tmp_path / "audio", 3, seed, "cpu")

    plain, loud, louder = (np.asarray(v, dtype=np.float32) for v in made_views())
    assert asked == [True] * 3 + [False] * 6
    with torch.inference_mode():
        expected = front(torch.from_numpy(made[1].wave())[None])[0].numpy()
    assert plain[32:64] == pytest.approx(expected, abs=0.05 * float(expected.std()))  # made in bfloat16
    assert not np.array_equal(loud, louder)
    made_views()
    assert len(asked) == 9  # read back
    made_views(seed=1)
    assert len(asked) == 18
    front.stem[0].weight.data *= 2.0
    made_views()
    assert len(asked) == 27  # another front end sees anew
