"""What two splits of a data set share: clips, speakers or source videos, sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from syncbench.clip import Clip

__all__ = ["overlap"]


def overlap(train: Iterable[Clip], test: Sequence[Clip]) -> list[str]:
    """Return remarks on clips, source videos and sentences that training and test share.

    Videos are compared by group, sentences by their words in capitals. Shared sentences are expected where a
    grammar makes them (GRID), and tell of leakage elsewhere.
    """
    known = list(train)
    remarks: list[str] = []
    kinds = (
        ("clips", [c.id for c in known], [c.id for c in test]),
        ("clips of source videos or speakers", [c.group for c in known], [c.group for c in test]),
        ("clips with sentences", [_words(c) for c in known], [_words(c) for c in test]),
    )
    for what, trained, tested in kinds:
        seen = {t for t in trained if t}
        if shared := sum(t in seen for t in tested if t):
            remarks.append(f"{shared} of {len(test)} test {what} are in the training set too")
    return remarks


def _words(clip: Clip) -> str:
    return " ".join((clip.transcript or "").upper().split())
