"""Which face is meant."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.errors import ClipError, CommandError
from syncbench.faces.choice import check_face, choose, place_of, places
from syncbench.faces.tracks import Track


def _track(left: float, side: float) -> Track:
    return Track(0, np.tile(np.array([left, 20.0, left + side, 20 + side]), (10, 1)), 0.99)


TRACKS = (_track(20, 80), _track(300, 60), _track(500, 40))


@pytest.mark.parametrize(
    ("face", "which"),
    [
        ("auto", 0), ("largest", 0), ("active", 0), ("1", 0), ("2", 1), ("3", 2), ("4", None),
        ("0.48,0.06,0.06,0.1", 1), ("490,20,40,40", 2), ("0:0.03,0.05,0.1,0.2 2:0.8,0.05,0.1,0.2", 0),
    ],
)  # fmt: skip
def test_words_numbers_and_boxes(face: str, which: int | None) -> None:
    assert choose(TRACKS, check_face(face), 0, 640, 360) is (None if which is None else TRACKS[which])


def test_a_place_counts_from_its_time_on() -> None:
    face = "0:0.03,0.05,0.1,0.2 2:0.8,0.05,0.1,0.2"
    assert choose(TRACKS, face, 49, 640, 360) is TRACKS[0]
    assert choose(TRACKS, face, 50, 640, 360) is TRACKS[2]


def test_no_face_is_none() -> None:
    assert choose((), "auto", 0, 640, 360) is None


def test_what_a_track_is_called_finds_it_again() -> None:
    for track in TRACKS:
        assert choose(TRACKS, place_of(track, 0, 640, 360), 0, 640, 360) is track


@pytest.mark.parametrize("face", ["0,0,0,0", "1,1,1,1", "0.1,0.1,0,0.2", "1.2:0.1,0.1,0.1,0"])
def test_boxes_that_hold_nothing_are_refused(face: str) -> None:
    with pytest.raises(CommandError, match="a box is left,top,width,height"):
        check_face(face)


def test_a_box_outside_the_picture_is_said() -> None:
    with pytest.raises(ClipError, match="lies outside the picture of 640 x 360"):
        choose(TRACKS, "900,20,40,40", 0, 640, 360)


@pytest.mark.parametrize("face", ["", "0", "-1", "left", "0.1,0.2,0.3", "0.1,0.2,0.3,x", "1:auto"])
def test_what_says_nothing_is_refused(face: str) -> None:
    with pytest.raises(CommandError, match="write auto, largest"):
        check_face(face)


def test_places_are_read() -> None:
    (place,) = places("2.5:0.1,0.2,0.4,0.6")
    assert place.time == 2.5
    np.testing.assert_allclose(place.centre(200, 100), [60, 50])
    (pixels,) = places("10,20,40,60")
    np.testing.assert_allclose(pixels.centre(200, 100), [30, 50])
