"""The square of a face: found, cut out and blended back."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.baselines.faces.networks import SMALL_FACE, Face
from syncbench.baselines.faces.squares import blend_mask, crop, find_boxes, looks, paste
from syncbench.errors import ClipError


def landmarks(frames: int, shift: float = 0.0) -> np.ndarray:
    points = np.zeros((frames, 68, 2), np.float32)
    points[:, 36:48] = (80 + shift, 60)
    points[:, 33] = (80 + shift, 90)
    return points


def test_boxes_follow_eyes_and_nose_and_not_the_mouth() -> None:
    still = landmarks(6)
    talking = still.copy()
    talking[::2, 48:68] += 7
    talking[::2, :17] += 5
    shape = (6, 160, 160, 3)
    np.testing.assert_array_equal(find_boxes(still, shape, SMALL_FACE), find_boxes(talking, shape, SMALL_FACE))
    left, top, side = find_boxes(still, shape, SMALL_FACE)[0]
    assert side == 64  # 2.08 x 30 = 62.4, near enough to the network's size
    assert (left, top) == (48, 79)  # centre 80, 60 + 1.7 x 30


def test_missing_faces_are_filled_in() -> None:
    gappy = landmarks(9)
    gappy[3:5] = np.nan
    np.testing.assert_array_equal(
        find_boxes(gappy, (9, 160, 160, 3), SMALL_FACE), find_boxes(landmarks(9), (9, 160, 160, 3), SMALL_FACE)
    )
    with pytest.raises(ClipError, match="no face was found"):
        find_boxes(landmarks(3) * np.nan, (3, 160, 160, 3), SMALL_FACE)
    with pytest.raises(ClipError, match="count 3 frames"):
        find_boxes(landmarks(3), (4, 160, 160, 3), SMALL_FACE)


def two_shots() -> np.ndarray:
    """Return landmarks of six frames of a small face on the left, and of six of a large one on the right."""
    points = np.concatenate([landmarks(6), landmarks(6, shift=300)])
    points[6:, 33, 1] = 150
    return points


def test_each_shot_has_its_own_square() -> None:
    boxes = find_boxes(two_shots(), (12, 400, 600, 3), SMALL_FACE)
    alone = [find_boxes(part, (6, 400, 600, 3), SMALL_FACE) for part in (two_shots()[:6], two_shots()[6:])]
    np.testing.assert_array_equal(boxes, np.concatenate(alone))
    assert boxes[0, 2] < boxes[6, 2]


def test_a_face_that_is_lost_at_a_cut_does_not_wander_from_one_shot_to_the_next() -> None:
    gappy = two_shots()
    gappy[4:8] = np.nan
    boxes = find_boxes(gappy, (12, 400, 600, 3), SMALL_FACE)
    assert len(np.unique(boxes, axis=0)) == 2


def test_a_single_wild_frame_is_no_other_shot() -> None:
    wild = landmarks(15)
    wild[7] += 100
    assert len(np.unique(find_boxes(wild, (15, 400, 600, 3), SMALL_FACE)[:, 2])) == 1


def test_where_no_face_is_nothing_is_cut_out_or_drawn() -> None:
    shown = np.array([True] * 3 + [False] * 3)
    boxes = find_boxes(landmarks(6), (6, 160, 160, 3), SMALL_FACE, shown)
    frames = np.full((6, 160, 160, 3), 100, np.uint8)
    squares = crop(frames, boxes, 64)
    assert (squares[:3] == 100).all()
    assert not squares[3:].any()
    drawn = paste(frames, np.full((6, 64, 64, 3), 200, np.uint8), boxes, SMALL_FACE)
    assert [bool((frame != 100).any()) for frame in drawn] == shown.tolist()


def test_squares_of_several_sizes_are_cut_and_pasted_each_at_its_own() -> None:
    boxes = find_boxes(two_shots(), (12, 400, 600, 3), SMALL_FACE)
    frames = np.random.default_rng(0).integers(0, 256, (12, 400, 600, 3), dtype=np.uint8)
    squares = crop(frames, boxes, 64)
    for part in (slice(6), slice(6, 12)):
        np.testing.assert_array_equal(squares[part], crop(frames[part], boxes[part], 64))
        np.testing.assert_array_equal(
            paste(frames, squares, boxes, SMALL_FACE)[part], paste(frames[part], squares[part], boxes[part], SMALL_FACE)
        )


def test_how_a_face_looks_is_seen_in_a_frame_of_its_own_shot_that_shows_it() -> None:
    points = two_shots()
    points[:2] = np.nan
    boxes = find_boxes(points, (12, 400, 600, 3), SMALL_FACE)
    assert looks(boxes, points, 0).tolist() == [2] * 6 + [6] * 6
    assert looks(boxes, points, 1).tolist() == [3] * 6 + [7] * 6
    assert looks(boxes, points, 99).tolist() == [5] * 6 + [11] * 6


def test_without_landmarks_the_box_is_fixed() -> None:
    boxes = find_boxes(None, (2, 320, 320, 3), SMALL_FACE)
    assert boxes[0].tolist() == [104, 160, 128]


@pytest.mark.parametrize("left", [48, -10, 130])
def test_crop_and_paste_are_inverse_at_the_networks_size(left: int) -> None:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (2, 160, 160, 3), dtype=np.uint8)
    boxes = np.array([[left, 79, 64]] * 2)
    squares = crop(frames, boxes, 64)
    assert squares.shape == (2, 64, 64, 3)
    np.testing.assert_array_equal(paste(frames, squares, boxes, SMALL_FACE), frames)


def test_paste_changes_the_hidden_part_alone() -> None:
    frames = np.full((1, 160, 160, 3), 100, np.uint8)
    boxes = np.array([[48, 79, 64]])
    result = paste(frames, np.full((1, 64, 64, 3), 200, np.uint8), boxes, SMALL_FACE)
    changed = np.argwhere((result != frames).any(axis=-1)[0])
    assert changed.min(axis=0).tolist() >= [79 + 16, 48]
    assert changed.max(axis=0).tolist() <= [79 + 63, 48 + 63]
    assert (result[0, 110, 80] == 200).all()
    assert (frames == 100).all()


@pytest.mark.parametrize("face", [Face(), SMALL_FACE])
def test_blend_mask_is_soft(face: Face) -> None:
    mask = blend_mask(face, 64)
    assert mask.min() == 0
    assert mask.max() == 1
    assert (mask[: round(64 * face.hidden_from)] == 0).all()
    assert np.abs(np.diff(mask, axis=0)).max() < 0.3
