"""A constant offset is told apart from lost sync."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.reports.tables.offsets import constant_offset


@pytest.mark.parametrize(
    ("offsets", "certainty", "found"),
    [
        ([-2, -2, -2, -3, -2, -1], 100, -2),
        ([0, 0, 1, 0, -1, 0], 100, None),  # in sync
        ([5, -7, 2, 11, -2, 0], 100, None),  # lost
        ([-2, -2, -2], 100, None),  # too few to say
        ([-2, -2, -2, -2, -2, -2], 60, None),  # not sure
        ([4, 4, 4, 4, 5, -9], 100, 4),
    ],
)
def test_clips_that_are_off_alike_share_an_offset(offsets: list[int], certainty: float, found: int | None) -> None:
    assert constant_offset(np.array(offsets, float), np.full(len(offsets), certainty)) == found
