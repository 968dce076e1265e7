"""How far coarticulation reaches in synthetic clips, from their truth: how much context the mouth's shape depends on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import FPS
from syncbench.datasets.synthetic.articulation import articulate
from syncbench.phonetics.inventory import Phone

__all__ = ["LEFT_OUT", "coarticulation_reach", "unexplained"]

LEFT_OUT = 0.05
"""ASSUMED: context is complete once knowing no more of it leaves one twentieth of the error that knowing none of it has."""
_LONGEST = 50


def unexplained(truth: Mapping[str, NDArray[Any]], context: int) -> float:
    """Return the error of the articulators of one clip when only phones within a window are known.

    It counts frames in which a phone is said: in silence the nearest phone rules, however far coarticulation reaches.

    Args:
        truth: the clip's npz, see ``truth_of``.
        context: frames before and after each frame: phones of which no part lies in the window of 2 ``context`` + 1
            frames are taken away.

    Returns:
        Sum of squares over those frames and the articulators.
    """
    symbols, stress = truth["phones"].tolist(), truth["phone_stress"].tolist()
    start, end, release = (truth[f"phone_{at}"].tolist() for at in ("start", "end", "release"))
    phones = [Phone(*phone) for phone in zip(symbols, start, end, release, stress, strict=True)]
    frames = len(truth["articulators"])
    speaking = {"reach": float(truth["reach"]), "effort": float(json.loads(str(truth["identity"]))["effort"])}
    whole = articulate(phones, frames, **speaking)
    known = articulate(phones, frames, **speaking, within=(context + 0.5) / FPS)
    times = (np.arange(frames) + 0.5)[:, None] / FPS
    said = ((times >= truth["phone_start"]) & (times <= truth["phone_end"])).any(axis=1)
    return float(np.square(known.astype(np.float64) - whole)[said].sum())


def coarticulation_reach(truths: Sequence[Mapping[str, NDArray[Any]]]) -> int:
    """Return how many frames of context before and after a frame the rendered mouths depend on while they speak.

    That is the smallest context whose root mean square error over all clips is at most ``LEFT_OUT`` of the error without
    context.
    """
    alone = sum(unexplained(truth, 0) for truth in truths)
    for context in range(1, _LONGEST):
        if sum(unexplained(truth, context) for truth in truths) <= LEFT_OUT**2 * alone:
            return context
    return _LONGEST
