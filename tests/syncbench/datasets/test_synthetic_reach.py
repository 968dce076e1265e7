"""How far coarticulation is known to reach: from truth alone, longer where the renderer smears further."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from syncbench.datasets.synthetic.articulation import articulate
from syncbench.datasets.synthetic.reach import LEFT_OUT, coarticulation_reach, unexplained
from syncbench.phonetics.inventory import Phone

Truth = dict[str, NDArray[Any]]


def truth(reach: float, symbols: str = "bɪnbluːætlsɪksnaʊ") -> Truth:
    """The truth of a clip whose phones last 80 ms each."""
    said = [s for s in symbols if s != "ː"]
    start = 0.2 + 0.08 * np.arange(len(said))
    return {
        "phones": np.array(said),
        "phone_start": start,
        "phone_end": start + 0.08,
        "phone_release": start + 0.08,
        "phone_stress": np.zeros(len(said), np.int8),
        "articulators": np.zeros((int(25 * (start[-1] + 0.3)), 8), np.float32),
        "reach": np.array(reach),
        "identity": np.array(json.dumps({"effort": 1.0})),
    }


def test_more_context_leaves_less_unexplained() -> None:
    errors = [unexplained(truth(1.0), context) for context in range(12)]
    assert errors[0] > 0
    assert all(after <= before for before, after in pairwise(errors))
    assert unexplained(truth(1.0), 100) == 0.0


def test_reach_grows_with_that_of_the_renderer() -> None:
    found = [coarticulation_reach([truth(reach)]) for reach in (0.3, 1.0, 3.0)]
    assert found[0] < found[1] < found[2]
    both = [truth(0.3), truth(3.0)]
    known = coarticulation_reach(both)
    assert found[0] < known <= found[2]
    left = [
        np.sqrt(sum(unexplained(t, n) for t in both) / sum(unexplained(t, 0) for t in both)) for n in (known - 1, known)
    ]
    assert left[1] <= LEFT_OUT < left[0]


def test_unheard_phones_move_nothing() -> None:
    phones = [Phone("b", 0.4, 0.5, 0.5), Phone("ɑ", 0.5, 0.7, 0.7, 2), Phone("w", 1.4, 1.5, 1.5)]
    near = articulate(phones, 50, within=0.3)
    alone = articulate([*phones[:2], Phone("", 1.4, 1.5, 1.5)], 50, within=0.3)
    assert near[:25] == pytest.approx(alone[:25]), "the last phone is more than 0.3 s away"
    assert np.abs(near[34:38] - alone[34:38]).max() > 0.5
