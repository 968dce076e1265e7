"""How far the speech of one video lies from its lips, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import FPS
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.evaluators import SyncEvaluator, seen_windows
from syncbench.metrics.lse import REACH, SHORTEST, SURE, certainty, distances, masked_lse

__all__ = ["Offset", "find_offset"]

_LIKELY = 0.5  # certainty of a shift farther out from which on the near one is not believed


@dataclass(frozen=True, slots=True)
class Offset:
    """Where speech and lips of a clip lie.

    Attributes:
        frames: positive where the speech is early: delaying it by so many frames (40 ms each) mends the clip.
        certainty: 0..1, see :func:`syncbench.metrics.lse.certainty`.
        lse_c: how far the distance at that shift lies below the median one, over valid windows.
        windows: how many were compared.
        reach: the largest shift tried, in frames.
        means: ``[2 * reach + 1]``, the mean distance at each shift; column j is offset ``reach - j``.
        evaluator: who compared lips and speech.
        beyond: a shift outside of ``reach``, of up to twice as far, at which lips and speech lie nearer; None for none.
    """

    frames: int
    certainty: float
    lse_c: float
    windows: int
    reach: int
    means: NDArray[np.float64]
    evaluator: str
    beyond: int | None = None

    @property
    def sure(self) -> bool:
        """Whether the offset means anything: it is certain, and nothing farther out lies nearer."""
        return self.certainty >= SURE and self.beyond is None

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return self.frames / FPS


def find_offset(clip: Features, evaluator: SyncEvaluator, reach: int = REACH) -> Offset:
    """Return the offset of a clip's speech. Raises ClipError where there is no face, no voice, or too little of both."""
    embedded = clip[evaluator.embeddings]
    seen = seen_windows(embedded)
    if seen.sum() <= reach:
        raise ClipError(
            f"too short to try shifts of {reach} frames: {seen.sum()} windows with a face and its speech, {reach + 1} are "
            "needed (a smaller --reach needs fewer)"
        )
    cells = distances(embedded["video"], embedded["audio"], reach)
    found = masked_lse(cells, seen)
    farther = max(reach + 1, min(2 * reach, len(seen) - SHORTEST))
    wide = distances(embedded["video"], embedded["audio"], farther)
    nearer = masked_lse(wide, seen).offset
    beyond = nearer if abs(nearer) > reach and certainty(wide, seen) >= _LIKELY else None
    return Offset(
        found.offset, certainty(cells, seen), found.lse_c, int(seen.sum()), reach, found.means, evaluator.label, beyond
    )
