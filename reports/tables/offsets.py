"""A constant offset of a system, told apart from lost sync."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench.runs import Run

__all__ = ["constant_offset", "offset_note"]

_FEWEST = 5  # clips
_SHARE = 0.8  # of the clips lie within a frame of the constant
_SURE = 90.0  # %: a clip whose offset is less sure says nothing


def constant_offset(offsets: NDArray[np.floating], certainty: NDArray[np.floating]) -> int | None:
    """Return the offset that clips share, in frames; None where they share none, or it is at most one frame.

    Args:
        offsets: of each clip, frames.
        certainty: of each, in %; clips under 90 % are left out.
    """
    known = offsets[certainty >= _SURE]
    if len(known) < max(_FEWEST, len(offsets) / 2):
        return None
    middle = int(np.rint(np.median(known)))
    near = np.abs(known - middle) <= 1
    return middle if abs(middle) > 1 and near.mean() >= _SHARE else None


def offset_note(run: Run) -> str:
    """Say that a run's clips are all off by the same number of frames; empty where they are not."""
    if not any(score.name == "offset_certainty" and score.value is not None for score in run.summary.scores):
        return ""
    rows = run.to_pandas()
    rows = rows[(rows["condition"] == run.conditions[0]) & rows["score"].isin(["av_offset", "offset_certainty"])]
    table = rows.pivot_table(index=["metric", "clip"], columns="score", values="value").dropna()
    if not {"av_offset", "offset_certainty"} <= set(table.columns):
        return ""
    offset = constant_offset(table["av_offset"].to_numpy(float), table["offset_certainty"].to_numpy(float))
    if offset is None:
        return ""
    way = "early" if offset > 0 else "late"
    return (
        f"a constant offset, no lost sync: the speech comes {abs(offset)} frames {way} in {len(table)} clips alike, which "
        "'In sync' counts as out of sync; LSE does not mind it"
    )
