"""What the slots of an audio-lip memory hold: slots against phones.

SyncTalkFace's paper says that each slot holds a distinct phoneme-level lip feature; how that was computed is not
known, so the procedure here is SyncBench's own (ASSUMED): every frame is labelled with the phone at its middle, and
addresses are averaged by phone.

Addresses are a trace of the system: ``addresses`` ``[T, S]`` from sound, and, where the real video was seen,
``lip_addresses`` ``[T, S]`` from the lips.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Clip
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.traces import TRACES
from syncbench.measurement import Measurement, ratio
from syncbench.metric import Direction, Metric, ScoreSpec
from syncbench.phonetics.alignment import clip_phones, phone_frames, phones_unknown
from syncbench.phonetics.inventory import PHONES, phone_index

__all__ = [
    "MemorySlots",
    "MemorySlotsMeasurement",
    "agreement",
    "monotonicity",
    "mutual_information",
    "permuted",
    "phone_entropy",
    "slot_shares",
    "slot_table",
    "specificity",
    "used_slots",
]

Array = NDArray[np.float64]

PERMUTATIONS = 1999
_SEED = 20220829


def slot_table(addresses: NDArray[np.floating[Any]], rows: NDArray[np.int64], count: int) -> Array:
    """Return summed addresses by row, float64 ``[count, S]``, of addresses ``[T, S]``; rows of -1 are left out."""
    table = np.zeros((count, addresses.shape[1]))
    known = rows >= 0
    np.add.at(table, rows[known], addresses[known].astype(np.float64))
    return table


def phone_entropy(table: Array) -> float:
    """Return the mean entropy, in bits, of the slots that a phone addresses, weighted by how often it is said.

    ``table`` is ``[P, S]``. 0 where every phone has a slot of its own; log2 S where all are used alike.
    """
    said = table.sum(axis=1)
    shares = table[said > 0] / said[said > 0, None]
    entropies = -(shares * np.log2(np.where(shares > 0, shares, 1.0))).sum(axis=1)
    return float(np.average(entropies, weights=said[said > 0])) if said.any() else float("nan")


def slot_shares(table: Array) -> Array:
    """Return the share that each phone has in each slot, ``[P, S]``: 1 summed over phones, 0 in slots never addressed.

    Phones are weighed alike, whatever their frequency: shares are of mean addresses per phone.
    """
    said = table.sum(axis=1, keepdims=True)
    means = np.divide(table, said, out=np.zeros_like(table), where=said > 0)
    total = means.sum(axis=0)
    return np.asarray(np.divide(means, total, out=np.zeros_like(means), where=total > 1e-9))


def specificity(table: Array) -> float:
    """Return the mean over addressed slots of the largest share that one phone has in a slot, 0..1."""
    largest = slot_shares(table).max(axis=0)
    return float(largest[largest > 0].mean()) if largest.any() else float("nan")


def used_slots(table: Array) -> NDArray[np.int64]:
    """Return the slots whose mean address, over all frames summed in ``[P, S]``, is at least 1 / S."""
    mean = table.sum(axis=0) / table.sum()
    return np.flatnonzero(mean >= 1 / len(mean))


def mutual_information(counts: NDArray[Any]) -> float:
    """Return the normalised mutual information of a table of counts ``[P, S]``: 2 I / (H_P + H_S), 0..1."""
    total = float(counts.sum())
    if total <= 0:
        return float("nan")
    joint = counts / total
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)

    def entropy(p: Array) -> float:
        return float(-(p[p > 0] * np.log(p[p > 0])).sum())

    scale = entropy(rows) + entropy(columns)
    information = entropy(rows) + entropy(columns) - entropy(joint.ravel())
    return float(np.clip(2 * information / scale, 0.0, 1.0)) if scale > 1e-12 else 0.0


def permuted(counts: NDArray[Any], permutations: int = PERMUTATIONS, seed: int = _SEED) -> tuple[float, float]:
    """Return p-value and chance level of the table's mutual information: phones are dealt to the same slots at random.

    One count must be one independent token, not one frame: neighbouring frames share phone and slot. One is added to
    count and total (Davison and Hinkley 1997), so the smallest p is ``1 / (permutations + 1)``. The chance level is the
    mean information of the dealt tables: far above 0 where tokens are few.
    """
    whole = np.asarray(np.rint(counts), dtype=np.int64)
    if whole.sum() < 2:
        return float("nan"), float("nan")
    places = np.repeat(np.arange(whole.size), whole.ravel())
    rows, columns = places // whole.shape[1], places % whole.shape[1]
    observed = mutual_information(whole)
    rng = np.random.default_rng(seed)
    size = whole.shape[1]
    dealt = np.array(
        [
            mutual_information(
                np.bincount(rng.permutation(rows) * size + columns, minlength=whole.size).reshape(whole.shape)
            )
            for _ in range(permutations)
        ]
    )
    return (int((dealt >= observed - 1e-12).sum()) + 1) / (permutations + 1), float(dealt.mean())


def monotonicity(opening: NDArray[np.floating[Any]]) -> float:
    """Return the mean rank correlation of the mouth's opening ``[N, steps]`` with the way from one slot to another.

    Each row goes from the slot with the more closed mouth to the one with the more open: 1 means that mixing two slots
    passes through the mouths between theirs, 0 that it does not. Rows that do not change are left out; NaN without any.
    """
    from scipy.stats import spearmanr

    steps = np.arange(opening.shape[1])
    moving = [row for row in opening if np.isfinite(row).all() and np.ptp(row) > 0]
    return float(np.mean([spearmanr(steps, row).statistic for row in moving])) if moving else float("nan")


def agreement(heard: NDArray[np.floating[Any]], seen: NDArray[np.floating[Any]]) -> tuple[int, float]:
    """Return in how many frames sound and sight address the same slot first, and the sum of KL(seen || heard), nats."""
    a, b = heard.astype(np.float64) + 1e-13, seen.astype(np.float64) + 1e-13
    same = int((a.argmax(axis=1) == b.argmax(axis=1)).sum())
    return same, float((b * (np.log(b) - np.log(a))).sum())


def _empty() -> Array:
    return np.zeros(())


@dataclass(frozen=True)
class MemorySlotsMeasurement(Measurement):
    """Sums of addresses, by phone.

    Attributes:
        frames: frames with a known phone.
        addressed: summed addresses by phone and slot ``[P, S]``.
        tokens: how often a phone's own mean address was largest in a slot, ``[P, S]``: one count per phone said.
        lip_frames, same, divergence: frames in which the real lips were seen too; in how many of them both addressed
            one slot first; their summed KL divergence.
    """

    frames: int = 0
    addressed: Array = field(default_factory=_empty)
    tokens: Array = field(default_factory=_empty)
    lip_frames: int = 0
    same: int = 0
    divergence: float = 0.0

    def scores(self) -> dict[str, Any]:
        agree = {
            "slot_agreement": 100 * ratio(self.same, self.lip_frames),
            "slot_divergence": ratio(self.divergence, self.lip_frames),
        }
        if np.ndim(self.addressed) != 2:
            return dict.fromkeys((spec.name for spec in MemorySlots.scores), float("nan")) | agree
        p, chance = permuted(self.tokens)
        return {
            "slots_used": float(len(used_slots(self.addressed))),
            "slot_entropy": phone_entropy(self.addressed),
            "slot_specificity": 100 * specificity(self.addressed),
            "slot_phone_nmi": mutual_information(self.tokens),
            "slot_phone_chance": chance,
            "slot_phone_p": p,
        } | agree


def _spec(
    name: str, title: str, unit: str, direction: Direction, high: float | None, summary: str, digits: int = 3
) -> ScoreSpec:
    cited = "after Park et al., AAAI 2022; procedure SyncBench's"
    return ScoreSpec(name, title, unit, direction, (0.0, high), False, cited, summary, digits, headline=False)


class MemorySlots(Metric):
    """What the memory's slots hold, and whether sound addresses them as sight does."""

    name = "memory_slots"
    inputs = frozenset({"video"})
    traces = frozenset({"addresses"})
    scores = (
        _spec("slots_used", "Slots used", "", "none", None, "slots whose mean address is at least 1 / S", 0),
        _spec("slot_entropy", "Slot entropy", "bit", "none", None, "mean entropy of the slots that a phone addresses"),
        _spec("slot_specificity", "Slot specificity", "%", "higher", 100.0, "largest share of one phone in a slot", 1),
        _spec(
            "slot_phone_nmi", "NMI(phone, slot)", "", "higher", 1.0, "normalised mutual information of phone and slot"
        ),
        _spec(
            "slot_phone_chance", "NMI by chance", "", "none", 1.0, "the same with phones dealt at random, on average"
        ),
        _spec("slot_phone_p", "p(NMI)", "", "none", 1.0, "p-value of the NMI by permuting phones, 1,999 times", 4),
        _spec("slot_agreement", "Slot agreement", "%", "higher", 100.0, "frames in which sound and sight agree", 1),
        _spec("slot_divergence", "Slot divergence", "nat", "lower", None, "mean KL of sight's address from sound's"),
    )
    measurement = MemorySlotsMeasurement
    features = (TRACES,)
    settings = {"phones": "truth-or-espeak", "permutations": str(PERMUTATIONS), "seed": str(_SEED)}

    def unsuited(self, clip: Clip) -> str | None:
        return phones_unknown(clip)

    def measure(self, reference: Features, output: Features) -> MemorySlotsMeasurement:
        traces = output[TRACES]
        if "addresses" not in traces:
            raise ClipError("the system left no memory addresses; it has no audio-lip memory")
        heard = traces["addresses"]
        phones = clip_phones(reference.clip)
        said = phone_frames(phones, len(heard))
        rows = np.array([phone_index(p.symbol) for p in phones])
        by_frame = np.where(said >= 0, rows[np.maximum(said, 0)], -1)
        by_token = slot_table(heard, np.where(by_frame >= 0, said, -1), len(phones))
        tokens = np.zeros((len(PHONES), heard.shape[1]))
        spoken = by_token.sum(axis=1) > 0
        np.add.at(tokens, (rows[spoken], by_token[spoken].argmax(axis=1)), 1)
        seen = traces.get("lip_addresses")
        same, divergence = agreement(heard, seen) if seen is not None else (0, 0.0)
        return MemorySlotsMeasurement(
            frames=int((by_frame >= 0).sum()),
            addressed=slot_table(heard, by_frame, len(PHONES)),
            tokens=tokens,
            lip_frames=len(heard) if seen is not None else 0,
            same=same,
            divergence=divergence,
        )
