"""Memory slots against phones: tables with known answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench.clip import Clip, Word
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.metrics.memory_slots import (
    MemorySlots,
    MemorySlotsMeasurement,
    agreement,
    monotonicity,
    mutual_information,
    permuted,
    phone_entropy,
    slot_shares,
    specificity,
    used_slots,
)
from syncbench.phonetics.alignment import clip_phones, phone_frames
from syncbench.phonetics.inventory import PHONES, phone_index

WORDS = (Word("BIN", 0.2, 0.5), Word("BLUE", 0.5, 0.9), Word("A", 1.0, 1.2))


def measure(folder: Path, **traces: np.ndarray) -> MemorySlotsMeasurement:
    """Measure an answer that left these traces."""
    path = folder / "traces.npz"
    np.savez(path, **traces)  # type: ignore[arg-type]
    reference, output = Clip("s/1", words=WORDS), Clip("s/1", extras={"traces": path} if traces else {})
    return MemorySlots().measure(Features(reference), Features(output))


def by_phone(phones: int, frames: int = 35) -> np.ndarray:
    """Addresses that give every phone a slot of its own."""
    said = clip_phones(Clip("s/1", None, words=WORDS))
    rows = [phone_index(said[i].symbol) if i >= 0 else 0 for i in phone_frames(said, frames)]
    return np.eye(phones)[rows]


def test_perfect_slots_are_told(tmp_path: Path) -> None:
    addresses = by_phone(len(PHONES))
    scores = measure(tmp_path, addresses=addresses, lip_addresses=addresses).scores()
    assert scores["slot_phone_nmi"] == pytest.approx(1.0)
    assert scores["slot_entropy"] == pytest.approx(0.0)
    assert scores["slot_specificity"] == pytest.approx(100.0)
    assert scores["slot_agreement"] == 100.0
    assert scores["slot_divergence"] == pytest.approx(0.0, abs=1e-9)


def test_even_addresses_say_nothing(tmp_path: Path) -> None:
    scores = measure(tmp_path, addresses=np.full((35, 16), 1 / 16)).scores()
    assert scores["slots_used"] == 16
    assert scores["slot_entropy"] == pytest.approx(4.0)
    assert scores["slot_phone_nmi"] == 0.0
    assert np.isnan(scores["slot_agreement"])


def test_measurements_add_up(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    addresses = rng.dirichlet(np.ones(6), 35)
    one = measure(tmp_path, addresses=addresses, lip_addresses=addresses[::-1])
    total = MemorySlotsMeasurement.zero() + one + one
    assert total.frames == 2 * one.frames
    assert total.scores()["slot_agreement"] == pytest.approx(one.scores()["slot_agreement"])
    np.testing.assert_allclose(total.tokens, 2 * one.tokens)
    assert np.isnan(MemorySlotsMeasurement.zero().scores()["slot_phone_nmi"])


def test_information_by_hand() -> None:
    assert mutual_information(np.array([[5, 0], [0, 5]])) == pytest.approx(1.0)
    assert mutual_information(np.array([[5, 5], [5, 5]])) == pytest.approx(0.0)
    # H(rows) = H(columns) = ln 2; I = ln 2 - H(3/4, 1/4)
    noise = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert mutual_information(np.array([[3, 1], [1, 3]])) == pytest.approx((np.log(2) - noise) / np.log(2))


def test_permutations_tell_structure_from_chance() -> None:
    rng = np.random.default_rng(1)
    chance = rng.multinomial(200, np.full(40, 1 / 40)).reshape(5, 8)
    p, level = permuted(chance, 299)
    assert p > 0.02
    assert level == pytest.approx(mutual_information(chance), abs=0.05), "200 tokens look informative by chance"
    assert permuted(np.eye(8, dtype=int) * 12, 1999)[0] == pytest.approx(1 / 2000)
    assert permuted(chance, 99, seed=3) == permuted(chance, 99, seed=3)
    assert permuted(10 * chance, 99)[1] < level / 5, "with more tokens chance says less"


def test_entropy_and_specificity_by_hand() -> None:
    table = np.array([[8.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    assert phone_entropy(table) == pytest.approx((8 * 0 + 2 * 1) / 10)
    # mean addresses: (1, 0) and (.5, .5): slots' largest shares are 1 / 1.5 and 1
    assert specificity(table) == pytest.approx((1 / 1.5 + 1) / 2)
    np.testing.assert_allclose(slot_shares(table), [[1 / 1.5, 0], [0.5 / 1.5, 1], [0, 0]])
    assert used_slots(table).tolist() == [0]  # mean addresses 0.9 and 0.1


def test_monotonicity_by_hand() -> None:
    up = np.array([0.0, 0.1, 0.4, 0.5])
    assert monotonicity(np.stack([up, up])) == pytest.approx(1.0)
    assert monotonicity(np.stack([up, up[::-1]])) == pytest.approx(0.0)
    assert monotonicity(np.array([[0.0, 0.2, 0.1, 0.3]])) == pytest.approx(0.8)  # 1 - 6 * 2 / (4 * 15)
    still, lost = np.full(4, 0.2), np.array([0.0, np.nan, 0.1, 0.2])
    assert monotonicity(np.stack([up, still, lost])) == pytest.approx(1.0)
    assert np.isnan(monotonicity(still[None]))


def test_agreement_by_hand() -> None:
    heard = np.array([[0.5, 0.5, 0.0], [0.2, 0.8, 0.0]])
    seen = np.array([[0.0, 1.0, 0.0], [0.1, 0.9, 0.0]])
    same, divergence = agreement(heard, seen)
    assert same == 1  # the first of two equal slots counts
    by_hand = np.log(1 / 0.5) + 0.1 * np.log(0.1 / 0.2) + 0.9 * np.log(0.9 / 0.8)
    assert divergence == pytest.approx(by_hand, abs=1e-9)


def test_systems_without_memory_are_told_apart(tmp_path: Path) -> None:
    for traces in ({"units": np.zeros((3, 4))}, {}):
        with pytest.raises(ClipError, match="no memory addresses"):
            measure(tmp_path, **traces)


def test_clips_without_words_are_told_before_anything_is_answered() -> None:
    assert MemorySlots().unsuited(Clip("s/1", words=WORDS)) is None
    assert "no phones" in (MemorySlots().unsuited(Clip("s/1")) or "")
