"""Paired tests between two recognisers on the same utterances: MAPSSWE and McNemar.

The matched-pairs sentence-segment word error test is that of NIST's SCTK (``sc_stats -t mapsswe``; Gillick and Cox, ICASSP
1989): where both systems are right for two words in a row, errors before and after are taken as independent, so each
utterance falls into segments between such places, and the segments' differences in errors are tested against zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Mapsswe", "McNemar", "align_words", "mapsswe", "mapsswe_of_texts", "mcnemar", "segment_errors"]

GOOD = 2
"""Words that both systems must have right, one after the other, to part two segments (SCTK's default)."""

_SUBSTITUTION, _GAP = 4, 3  # sclite's default weights


@dataclass(frozen=True, slots=True)
class Mapsswe:
    """A MAPSSWE test of systems A and B.

    Attributes:
        segments: how many were compared.
        errors_a, errors_b: in them, which are all the errors.
        mean, deviation: of the difference A - B per segment; the deviation divides by n - 1.
        z: mean over its standard error, 0 where every difference is the same.
        p: two-sided, from the normal distribution.
    """

    segments: int
    errors_a: int
    errors_b: int
    mean: float
    deviation: float
    z: float
    p: float


@dataclass(frozen=True, slots=True)
class McNemar:
    """An exact McNemar test: ``only_a`` and ``only_b`` units that A alone, or B alone, got wrong; two-sided ``p``."""

    only_a: int
    only_b: int
    p: float


def align_words(reference: Sequence[str], hypothesis: Sequence[str]) -> str:
    """Return the alignment of two word sequences, one letter each: C correct, S substituted, D deleted, I inserted.

    Weights are sclite's: 4 for a substitution, 3 for an insertion or a deletion. Among equally good alignments, pairs of
    words are preferred, then deletions.
    """
    rows, columns = len(reference), len(hypothesis)
    cost = np.zeros((rows + 1, columns + 1), dtype=np.int64)
    cost[:, 0] = np.arange(rows + 1) * _GAP
    cost[0] = np.arange(columns + 1) * _GAP
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            pair = cost[i - 1, j - 1] + (0 if reference[i - 1] == hypothesis[j - 1] else _SUBSTITUTION)
            cost[i, j] = min(pair, cost[i - 1, j] + _GAP, cost[i, j - 1] + _GAP)
    letters: list[str] = []
    i, j = rows, columns
    while i or j:
        same = i > 0 and j > 0 and reference[i - 1] == hypothesis[j - 1]
        if i and j and cost[i, j] == cost[i - 1, j - 1] + (0 if same else _SUBSTITUTION):
            letters.append("C" if same else "S")
            i, j = i - 1, j - 1
        elif i and cost[i, j] == cost[i - 1, j] + _GAP:
            letters.append("D")
            i -= 1
        else:
            letters.append("I")
            j -= 1
    return "".join(reversed(letters))


def segment_errors(a: str, b: str) -> list[tuple[int, int]]:
    """Return the errors of both systems in each segment of one utterance, ``(errors_a, errors_b)``.

    ``a`` and ``b`` are alignments of the same reference, as ``align_words`` writes them. Raises ValueError where their
    references differ in length.
    """
    steps_a, steps_b = _steps(a), _steps(b)
    if len(steps_a) != len(steps_b):
        raise ValueError(f"alignments of {len(steps_a) - 1} and {len(steps_b) - 1} reference words cannot be compared")
    segments: list[tuple[int, int]] = []
    errors_a = errors_b = good = 0
    for (inserted_a, wrong_a), (inserted_b, wrong_b) in zip(steps_a, steps_b, strict=True):
        if inserted_a or inserted_b:
            good = 0
        errors_a += inserted_a + wrong_a
        errors_b += inserted_b + wrong_b
        good = 0 if wrong_a or wrong_b else good + 1
        if good == GOOD and (errors_a or errors_b):
            segments.append((errors_a, errors_b))
            errors_a = errors_b = 0
    if errors_a or errors_b:
        segments.append((errors_a, errors_b))
    return segments


def _steps(alignment: str) -> list[tuple[int, int]]:
    """Return, for each reference word and for the end, the words inserted before it and whether it is wrong."""
    steps: list[tuple[int, int]] = []
    inserted = 0
    for letter in alignment:
        if letter == "I":
            inserted += 1
        else:
            steps.append((inserted, int(letter != "C")))
            inserted = 0
    return [*steps, (inserted, 0)]


def mapsswe(a: Sequence[str], b: Sequence[str]) -> Mapsswe:
    """Test two systems by the alignments of the same utterances, in the same order. Raises ValueError otherwise."""
    if len(a) != len(b):
        raise ValueError("paired alignments must be of the same utterances")
    pairs = [pair for x, y in zip(a, b, strict=True) for pair in segment_errors(x, y)]
    differences = np.array([x - y for x, y in pairs], dtype=np.float64)
    count = len(pairs)
    mean = float(differences.mean()) if count else 0.0
    deviation = float(differences.std(ddof=1)) if count > 1 else 0.0
    z = mean / (deviation / math.sqrt(count)) if deviation > 0 else 0.0
    return Mapsswe(
        segments=count,
        errors_a=sum(x for x, _ in pairs),
        errors_b=sum(y for _, y in pairs),
        mean=mean,
        deviation=deviation,
        z=z,
        p=math.erfc(abs(z) / math.sqrt(2.0)),
    )


def mapsswe_of_texts(references: Mapping[str, str], a: Mapping[str, str], b: Mapping[str, str]) -> tuple[Mapsswe, int]:
    """Test two systems' texts against the references, by utterance id, over the utterances that all three have.

    Texts are compared word by word as they stand: normalise them first. Returns the test and the number of utterances.
    """
    ids = sorted(references.keys() & a.keys() & b.keys())
    aligned = [[align_words(references[i].split(), texts[i].split()) for i in ids] for texts in (a, b)]
    return mapsswe(*aligned), len(ids)


def mcnemar(wrong_a: Sequence[bool], wrong_b: Sequence[bool]) -> McNemar:
    """Test two systems by which units (utterances, words) each got wrong: exact binomial, two-sided."""
    if len(wrong_a) != len(wrong_b):
        raise ValueError("paired outcomes must be of the same units")
    only_a = sum(bool(x) and not y for x, y in zip(wrong_a, wrong_b, strict=True))
    only_b = sum(bool(y) and not x for x, y in zip(wrong_a, wrong_b, strict=True))
    count, fewer = only_a + only_b, min(only_a, only_b)
    tail = sum(math.comb(count, k) for k in range(fewer + 1)) / 2**count
    return McNemar(only_a, only_b, min(1.0, 2.0 * tail))
