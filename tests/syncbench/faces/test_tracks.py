"""Boxes of single frames become tracks of faces."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from syncbench.faces.tracks import LOST, MIN_SIDE, Track, link, overlap

LEFT, RIGHT = (10.0, 20.0, 60.0, 90.0), (200.0, 30.0, 240.0, 90.0)


def _found(*boxes: tuple[float, ...], score: float = 0.99) -> NDArray[np.float64]:
    return np.array([[*box, score] for box in boxes], np.float64).reshape(-1, 5)


def _moved(box: tuple[float, ...], by: float) -> tuple[float, ...]:
    return (box[0] + by, box[1], box[2] + by, box[3])


def test_two_faces_are_two_tracks_the_larger_first() -> None:
    looked = list(range(0, 51, 5))
    tracks = link(looked, [_found(RIGHT, LEFT) for _ in looked], 0, 51)
    assert [len(track.boxes) for track in tracks] == [51, 51]
    assert [round(track.boxes[0, 0]) for track in tracks] == [10, 200]


def test_boxes_between_those_looked_at_lie_on_the_way() -> None:
    looked = [0, 5, 10]
    (track,) = link(looked, [_found(_moved(LEFT, by)) for by in (0, 10, 20)], 0, 11)
    np.testing.assert_allclose(track.boxes[:, 0], 10 + 2 * np.arange(11))


@pytest.mark.parametrize(("gap", "count"), [(LOST, 1), (LOST + 5, 2)])
def test_a_face_lost_for_too_long_is_another_one(gap: int, count: int) -> None:
    looked = list(range(0, 100, 5))
    found = [_found() if 30 < n < 30 + gap else _found(LEFT) for n in looked]
    tracks = link(looked, found, 0, 100)
    assert len(tracks) == count
    held = np.zeros(100, bool)
    for track in tracks:
        held[track.start : track.stop] = True
    assert held.all() == (count == 1)


def test_the_boxes_of_a_lost_face_are_interpolated() -> None:
    looked = [0, 5, 10, 15, 20]
    (track,) = link(
        looked, [_found(LEFT), _found(), _found(), _found(_moved(LEFT, 15)), _found(_moved(LEFT, 20))], 0, 21
    )
    assert track.boxes[10, 0] == pytest.approx(10 + 10)


def test_what_is_seen_once_small_or_unsure_is_no_face() -> None:
    looked = [0, 5, 10, 15]
    nothing = _found()
    assert not link(looked, [_found(LEFT), nothing, nothing, nothing], 0, 16)
    small = _found((10, 10, 10 + MIN_SIDE - 2, 10 + MIN_SIDE - 2))
    assert not link(looked, [small] * 4, 0, 16)
    assert not link(looked, [_found(LEFT, score=0.8)] * 4, 0, 16)


def test_overlap_is_intersection_over_union() -> None:
    assert overlap(np.array([0, 0, 2, 2]), np.array([1, 0, 3, 2])) == pytest.approx(1 / 3)
    assert overlap(np.array([0, 0, 2, 2]), np.array([2, 0, 4, 2])) == 0


def test_a_track_knows_its_end_and_its_size() -> None:
    track = Track(7, np.tile(np.array(LEFT), (5, 1)), 0.9)
    assert (track.stop, track.side) == (12, 70)
