"""Squares around faces."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.faces.crops import SIDE, cut, face_squares, frame_square, is_cropped

BOX = np.array([100.0, 50.0, 160.0, 130.0])


def test_the_square_holds_the_box_and_is_steady() -> None:
    rng = np.random.default_rng(0)
    boxes = BOX + rng.normal(0, 1, (50, 4))
    squares = face_squares(boxes)
    assert squares.shape == (50, 3)
    assert (squares == np.rint(squares)).all()
    assert np.ptp(squares[:, 2]) <= 2
    left, top, side = np.median(squares, axis=0)
    assert side == pytest.approx(SIDE * 80, abs=3)
    assert left + side / 2 == pytest.approx(130, abs=1.5)
    assert top < 50
    assert top + side > 130


def test_a_single_wild_box_moves_nothing() -> None:
    boxes = np.tile(BOX, (30, 1))
    boxes[12] += 200
    assert np.abs(np.diff(face_squares(boxes), axis=0)).max() == 0


@pytest.mark.parametrize(
    ("width", "height", "box", "cropped"),
    [
        (160, 160, (35, 14, 125, 134), True),  # an LRS2 crop
        (360, 288, (100, 60, 200, 205), False),  # GRID as recorded
        (512, 512, (150, 120, 350, 400), False),
        (640, 160, (270, 14, 360, 134), False),  # a banner
        (160, 160, (0, 14, 60, 134), False),  # a face at the edge
    ],
)
def test_a_face_crop_is_told_by_what_its_face_fills(
    width: int, height: int, box: tuple[int, ...], cropped: bool
) -> None:
    assert is_cropped(np.tile(np.array(box, float), (5, 1)), width, height) is cropped


def test_what_is_cut_beyond_the_border_repeats_it() -> None:
    frame = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    np.testing.assert_array_equal(cut(frame, np.array([1, 1, 2])), frame[1:3, 1:3])
    wide = cut(frame, np.array([-2, -1, 8]))
    assert wide.shape == (8, 8, 3)
    np.testing.assert_array_equal(wide[1:5, 2:7], frame)
    np.testing.assert_array_equal(wide[0, 2:7], frame[0])
    np.testing.assert_array_equal(wide[1:5, 0], frame[:, 0])


def test_the_square_of_a_picture_is_around_its_middle() -> None:
    np.testing.assert_array_equal(frame_square(640, 360), [0, -140, 640])
    np.testing.assert_array_equal(frame_square(160, 160), [0, 0, 160])
