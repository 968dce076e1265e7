"""What an epoch is made of."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.baselines.recognisers.training.pieces import epoch_batches, word_labels
from syncbench.baselines.recognisers.training.presets import Epochs
from syncbench.clip import Word

from .made import examples


def test_a_batch_holds_pieces_of_like_length_and_an_epoch_every_clip() -> None:
    made = examples(24)
    plan = Epochs(1, batch=4, cut=0.5, warp=0.2)
    batches = epoch_batches(made, 0, plan, np.random.default_rng(0))
    assert sorted(p.clip for batch in batches for p in batch) == list(range(24))
    pieces = [p for batch in batches for p in batch]
    assert {p.text for p in pieces} > {"BIN RED NOW", "BIN BLUE NOW"}  # some are whole, some cut
    for piece in pieces:
        assert piece.text in made[piece.clip].text
        assert (np.diff(piece.frames) >= 0).all()
        assert 0 <= piece.frames[0] < piece.frames[-1] < 32
        # Said up to a fifth faster or slower.
        assert len(piece.frames) == pytest.approx(1 + np.ptp(piece.frames), rel=0.2, abs=1)
    spread = np.mean([np.ptp([len(p.frames) for p in batch]) for batch in batches])
    assert spread < np.ptp([len(p.frames) for p in pieces]) / 2


def test_an_epoch_sees_a_share_of_the_further_clips_another_each_time() -> None:
    made, plan = examples(28), Epochs(1, batch=4, also=0.5)
    epochs = [epoch_batches(made, 8, plan, np.random.default_rng(seed)) for seed in (0, 1)]
    first, second = ({p.clip for batch in epoch for p in batch} for epoch in epochs)
    assert [len(batch) for batch in epochs[0]] == [4] * 6
    assert set(range(20)) <= first & second
    assert len(first) == len(second) == 24
    assert first != second


def test_word_labels_name_the_word_at_each_frames_middle() -> None:
    labels = word_labels([Word("red", 0.10, 0.20), Word("odd", 0.2, 0.28)], 8, {"RED": 3})
    assert labels.tolist() == [0, 0, 0, 3, 3, -1, -1, 0]
