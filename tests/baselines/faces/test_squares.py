"""The square of a face: found, cut out and blended back."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.baselines.faces.networks import SMALL_FACE, Face
from syncbench.baselines.faces.squares import blend_mask, crop, find_boxes, paste
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
