"""Word tests equal their definitions, and SCTK on its published example."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from syncbench.statistics.words import align_words, mapsswe, mapsswe_of_texts, mcnemar, segment_errors

# The alignments of SCTK's own example (src/sclite/testdata/file1.sgml and file2.sgml): two utterances, two systems.
SCTK_MONO = ["I", "CDSCSSSCCDCII"]
SCTK_WORD = ["", "CDSCSSSCCSS"]


def test_mapsswe_equals_sctk_on_its_example() -> None:
    test = mapsswe(SCTK_MONO, SCTK_WORD)
    # base_sc_stats/test1a.stats.mapsswe: 3 segments, errors 9 and 7, mean 0.667, std dev 0.577, Z 2.000
    assert (test.segments, test.errors_a, test.errors_b) == (3, 9, 7)
    assert (round(test.mean, 3), round(test.deviation, 3), round(test.z, 3)) == (0.667, 0.577, 2.0)
    assert test.p == pytest.approx(0.0455, abs=1e-4)
    swapped = mapsswe(SCTK_WORD, SCTK_MONO)  # test1b: mean -0.667, Z -2.000
    assert (round(swapped.mean, 3), round(swapped.z, 3)) == (-0.667, -2.0)
    assert swapped.p == test.p


def test_segments_are_parted_by_two_good_words() -> None:
    assert segment_errors("CCSCCDCC", "CCCCCCCC") == [(1, 0), (1, 0)]
    assert segment_errors("CSCSCC", "CCCCCC") == [(2, 0)]  # one good word parts nothing
    assert segment_errors("SCC", "CCS") == [(1, 1)]  # the second word alone is good in both
    assert segment_errors("CICSCC", "CCSCC"[:4] + "C") == [(2, 1)]
    assert segment_errors("CCCC", "CCCC") == []
    assert segment_errors("CCCI", "CCC") == [(1, 0)]
    assert segment_errors("SCICC", "SCCC") == [(2, 1)]  # an insertion between good words
    with pytest.raises(ValueError, match="4 and 3"):
        segment_errors("CCCC", "CCC")


def test_a_worked_example_by_hand() -> None:
    references = {"a": "one two three four five six", "b": "one two three"}
    first = {"a": "one x three four five y", "b": "one two three"}
    second = {"a": "one two three four five six", "b": "one two z", "c": "not asked"}
    test, count = mapsswe_of_texts(references, first, second)
    # Segments: (1, 0) at "two", (1, 0) at "six", (0, 1) at "three": differences 1, 1, -1.
    assert count == 2
    assert (test.segments, test.errors_a, test.errors_b) == (3, 2, 1)
    assert test.mean == pytest.approx(1 / 3)
    assert test.deviation == pytest.approx(math.sqrt(4 / 3))
    assert test.z == pytest.approx((1 / 3) / math.sqrt(4 / 9))


def test_no_difference_is_no_evidence() -> None:
    assert mapsswe(["CC"], ["CC"]).p == 1.0
    assert mapsswe(["SC"], ["SC"]).p == 1.0
    assert mapsswe([], []).segments == 0


def test_alignments_have_the_least_cost() -> None:
    def cost(letters: str) -> int:
        return 4 * letters.count("S") + 3 * (letters.count("D") + letters.count("I"))

    def best(r: tuple[str, ...], h: tuple[str, ...]) -> int:
        if not r or not h:
            return 3 * (len(r) + len(h))
        pair = best(r[1:], h[1:]) + (0 if r[0] == h[0] else 4)
        return min(pair, best(r[1:], h) + 3, best(r, h[1:]) + 3)

    rng = np.random.default_rng(0)
    for _ in range(60):
        r, h = (tuple(rng.choice(list("abc"), rng.integers(0, 6))) for _ in range(2))
        letters = align_words(r, h)
        assert cost(letters) == best(r, h)
        assert sum(c != "I" for c in letters) == len(r)
        assert sum(c != "D" for c in letters) == len(h)


def test_mcnemar_is_the_exact_binomial() -> None:
    a = [True] * 8 + [False] * 2 + [True] * 5 + [False] * 5
    b = [False] * 8 + [True] * 2 + [True] * 5 + [False] * 5
    test = mcnemar(a, b)
    outcomes = [sum(o) for o in itertools.product([0, 1], repeat=10)]
    assert (test.only_a, test.only_b) == (8, 2)
    assert test.p == pytest.approx(sum(o <= 2 or o >= 8 for o in outcomes) / 1024)
    assert mcnemar([True, False], [True, False]).p == 1.0
    with pytest.raises(ValueError):
        mcnemar([True], [])
