"""Batches of stored views, and of mouths and speech."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syncbench.baselines.recognisers.network import build
from syncbench.baselines.recognisers.training.batches import Features, Pixels
from syncbench.baselines.recognisers.training.pieces import Piece
from syncbench.baselines.recognisers.training.presets import Epochs
from syncbench.clip import SAMPLES_PER_FRAME

from ..tiny import TINY
from .made import examples


def test_stored_views_are_blanked_warped_and_noisy() -> None:
    view = np.repeat(np.arange(1, 41, dtype=np.float16)[:, None], 8, axis=1)
    made = [*examples(1, frames=10), *examples(1, frames=30)]
    batches = Features([[view], [view * 2]], made, 0, Epochs(1, batch=2), seed=0)
    given = batches.given([Piece(1, np.arange(0, 20), "A"), Piece(0, np.array([0, 0, 1, 2]), "B")])
    visual, audio = given["visual"], given["audio"]
    assert given["lengths"].tolist() == [20, 4]
    assert visual.shape == audio.shape == (2, 20, 8)
    heard, blank = audio[0].mean(axis=1), audio[0] == 0
    np.testing.assert_array_equal(blank.all(axis=1), blank.any(axis=1))
    kept = ~blank.all(axis=1)
    assert (~kept).sum() <= 5
    assert heard[kept] == pytest.approx(2.0 * np.arange(11, 31)[kept], abs=3 * 0.1 * 2 * 12 / 8**0.5)
    assert (visual[1, 4:] == 0).all()


@pytest.mark.parametrize(
    ("architecture", "given"), [("audio", {"speech"}), ("video", {"mouths"}), ("av", {"mouths", "speech"})]
)
def test_a_network_is_given_the_streams_that_it_uses(architecture, given) -> None:
    batch = Pixels(build(architecture, TINY), examples(4), 0, Epochs(1, batch=4), seed=0)(0, 0)
    assert {name for name in ("mouths", "speech") if batch[name] is not None} == given
    longest = int(batch["lengths"].max())
    assert batch["named"].shape == (4, longest)
    assert {label for label in batch["named"].unique().tolist() if label > 0} <= {1, 2, 3, 4}
    if batch["mouths"] is not None:
        assert batch["mouths"].shape == (4, longest, TINY.crop, TINY.crop)


def test_an_epoch_is_drawn_by_the_seed_and_its_number_alone() -> None:
    def third(*before: int) -> torch.Tensor:
        batches = Pixels(build("audio", TINY), examples(4), 0, Epochs(9, batch=4), seed=5)
        for step in before:
            batches(step, 0)
        return batches(2, 0)["speech"]

    assert torch.equal(third(), third(0, 1))
    assert not torch.equal(third(), Pixels(build("audio", TINY), examples(4), 0, Epochs(9, batch=4), 6)(2, 0)["speech"])


def test_speech_is_said_at_the_pace_of_the_frames_and_in_another_voice() -> None:
    made = examples(1, frames=40)
    network = build("audio", TINY)
    slow = Piece(0, np.rint(np.linspace(0, 39, 48)).astype(np.int64), "BIN RED NOW")
    given = [Pixels(network, made, 0, Epochs(1, batch=1, voices=share), seed=1).given([slow]) for share in (0.0, 1.0)]
    plain, other = (batch["speech"][0] for batch in given)
    assert given[0]["lengths"].tolist() == given[1]["lengths"].tolist() == [48]
    assert plain.shape == other.shape == (48 * SAMPLES_PER_FRAME,)
    assert not torch.equal(plain, other)
