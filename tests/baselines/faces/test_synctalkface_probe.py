"""What the memory's slots draw: one picture per slot, mixtures that begin and end with single slots, mouths alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench.baselines.faces.networks import Face
from syncbench.baselines.faces.squares import blend_mask
from syncbench.baselines.faces.synctalkface.config import Config
from syncbench.baselines.faces.synctalkface.network import Generator
from syncbench.baselines.faces.synctalkface.probe import Probe, exhibit, pairs_of, probe, used_slots
from syncbench.baselines.faces.synctalkface.system import load_generator
from syncbench.baselines.faces.talking_face import face_landmarks
from syncbench.clip import Clip
from syncbench.feature import Features
from syncbench.features.frames import FRAMES
from syncbench.features.speech import SPEECH
from syncbench.media import clip_frames

from ..asking import answer, dubbed, given, system

WEIGHTS = Path(__file__).parents[3] / "baselines" / "faces" / "synctalkface" / "weights.safetensors"


def probed_on(generator: Generator, clip: Clip, reference: int = 0) -> Probe:
    features = Features(clip)
    return probe(generator, features[FRAMES], features[SPEECH], face_landmarks(features), reference)


@pytest.fixture(scope="module")
def probed(short_clip: Clip) -> Probe:
    return probed_on(load_generator(WEIGHTS), short_clip)


def test_every_slot_draws_a_mouth_and_nothing_else(probed: Probe, short_clip: Clip) -> None:
    gallery = probed.gallery()
    frame = clip_frames(short_clip)[0]
    assert gallery.shape == (probed.generator.config.slots, *frame.shape)
    assert gallery.dtype == np.uint8
    left, top, side = probed.box[0].tolist()
    mask = np.zeros(frame.shape[:2], bool)
    mask[top : top + side, left : left + side] = blend_mask(probed.face, side) > 0
    np.testing.assert_array_equal(gallery[:, ~mask], np.broadcast_to(frame[~mask], gallery[:, ~mask].shape))
    assert (gallery[:, mask] != frame[mask]).any(axis=(1, 2)).all()
    assert len(np.unique(probed.mouths(gallery).reshape(len(gallery), -1), axis=0)) > len(gallery) / 2


def test_a_blend_begins_and_ends_with_single_slots_and_lies_between(probed: Probe) -> None:
    slots = used_slots(probed.addresses)
    gallery = probed.faces(np.eye(probed.generator.config.slots)[slots])
    apart = np.abs(gallery[:, None].astype(np.float64) - gallery).mean(axis=(2, 3, 4))
    a, b = np.unravel_index(apart.argmax(), apart.shape)
    blend = probed.blend(int(slots[a]), int(slots[b]), 5).astype(np.float64)
    assert len(blend) == 5
    np.testing.assert_allclose(blend[0], gallery[a], atol=1)  # one grey level: sums in batches of another size
    np.testing.assert_allclose(blend[-1], gallery[b], atol=1)
    away = np.abs(blend - blend[0]).mean(axis=(1, 2, 3))
    assert away[-1] > 0.05
    assert (np.diff(away) > -0.05 * away[-1]).all(), "mixtures lead from one mouth to the other"


def test_speech_does_not_change_what_a_slot_is(probed: Probe, short_clip: Clip, grid_clips: list[Clip]) -> None:
    again = probed_on(probed.generator, dubbed(short_clip, grid_clips[1]))
    some = np.eye(probed.generator.config.slots)[:4]
    own, heard = (p.faces(some).astype(np.float64) for p in (probed, again))
    assert not np.array_equal(probed.addresses, again.addresses)
    between = np.abs(own[:, None] - own).mean(axis=(2, 3, 4)).max()
    assert np.abs(own - heard).mean() < between


def test_what_a_run_keeps_of_it(short_clip: Clip) -> None:
    asked = system("synctalkface")
    kept = asked.probe(given(asked, short_clip))
    count, high, wide, _ = kept["slots"].shape
    assert count == len(kept["slot_opening"])
    assert wide > high > 20
    pairs = kept["blend_slots"]
    assert kept["blend"].shape == (kept["blend_opening"].shape[1], high, wide, 3)
    assert len(kept["blend_opening"]) == len(pairs) >= 1
    assert set(pairs.ravel()) <= set(used_slots(answer(asked, short_clip).traces["addresses"]))
    closed, opened = kept["slot_opening"][pairs].T
    assert (closed <= opened).all()
    assert closed[0] == closed.min()
    assert opened[0] == opened.max()
    np.testing.assert_allclose(kept["blend_opening"][:, [0, -1]], kept["slot_opening"][pairs], atol=2e-3)
    np.testing.assert_allclose(kept["blend"][0].astype(float), kept["slots"][pairs[0, 0]], atol=1)


def test_any_size_of_generator_can_be_probed(short_clip: Clip) -> None:
    generator = Generator(Config(face=Face(size=128, width=0.0625), slots=5)).eval()
    kept = exhibit(probed_on(generator, short_clip, reference=10_000))
    assert kept["slots"].shape[0] == 5
    assert kept["slots"].shape[2] > kept["slots"].shape[1] > 20


def test_slots_in_use_and_their_pairs_by_hand() -> None:
    addresses = np.array([[0.6, 0.3, 0.1, 0.0], [0.4, 0.4, 0.1, 0.1]])
    assert used_slots(addresses).tolist() == [0, 1]
    assert used_slots(np.array([[0.9, 0.02, 0.05, 0.03]])).tolist() == [0, 2], "two at least"
    opening = np.array([0.3, 0.1, 0.2, np.nan, 0.5])
    assert pairs_of(np.arange(5), opening).tolist() == [[1, 4], [2, 0]]
    assert pairs_of(np.arange(5), opening, most=1).tolist() == [[1, 4]]
    assert len(pairs_of(np.array([3]), opening)) == 0
