"""The bundled landmarks against known ones, on faces they were not trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from syncbench.baselines.evaluators.landmarks.finder import BUNDLED, LANDMARKS, LOOKS, find_landmarks, look_again
from syncbench.clip import Clip
from syncbench.faces.crops import frame_square
from syncbench.feature import Features
from syncbench.features.landmarks import PRECOMPUTED, consistency, mouth_doubt
from syncbench.features.resize import bilinear
from syncbench.media import clip_frames

LEFT_CORNER, RIGHT_CORNER = 36, 45


def _errors(clip: Clip) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the error of each frame in % of the eye distance, and found and true mouth openings."""
    found, truth = find_landmarks(clip_frames(clip)), Features(clip)[PRECOMPUTED.feature]
    both = np.isfinite(found).all((1, 2)) & np.isfinite(truth).all((1, 2))
    found, truth = found[both], truth[both]
    eyes = np.linalg.norm(truth[:, LEFT_CORNER] - truth[:, RIGHT_CORNER], axis=1)
    error = 100 * np.linalg.norm(found - truth, axis=2).mean(1) / eyes
    return error, found[:, 66, 1] - found[:, 62, 1], truth[:, 66, 1] - truth[:, 62, 1]


def test_near_the_given_landmarks_on_real_faces(grid_clips: list[Clip]) -> None:
    for clip in grid_clips[:3]:
        error, opening, truth = _errors(clip)
        assert error.mean() < 4.0
        assert np.corrcoef(opening, truth)[0, 1] > 0.9  # the lips are seen to part


def test_near_the_truth_on_synthetic_faces(synthetic_clips: list[Clip]) -> None:
    for clip in synthetic_clips:
        error, opening, truth = _errors(clip)
        assert error.mean() < 4.0
        assert np.corrcoef(opening, truth)[0, 1] > 0.85


def test_points_scale_with_the_frame(grid_clips: list[Clip]) -> None:
    frames = clip_frames(grid_clips[0])[:8]
    small, large = find_landmarks(frames), find_landmarks(bilinear(frames, 320, 320))
    np.testing.assert_allclose(large / 2, small, atol=1.0)


def test_frames_that_are_not_square(grid_clips: list[Clip]) -> None:
    frames = clip_frames(grid_clips[0])[:8]
    wide = np.pad(frames, ((0, 0), (0, 0), (20, 40), (0, 0)), mode="edge")
    moved = find_landmarks(wide) - np.array([20.0, 0.0], np.float32)
    np.testing.assert_allclose(moved, find_landmarks(frames), atol=4.0)


def test_no_face_no_landmarks() -> None:
    flat = np.full((4, 160, 160, 3), 90, np.uint8)
    assert np.isnan(find_landmarks(flat)).all()


def test_a_second_look_finds_the_same_movement_on_real_and_synthetic_faces(
    grid_clips: list[Clip], synthetic_clips: list[Clip]
) -> None:
    for clip in (*grid_clips[:2], *synthetic_clips[:2]):
        features = Features(clip)
        one, two = looks = features[LOOKS]
        assert consistency(looks) > 0.9
        assert mouth_doubt(BUNDLED, features) == ""
        assert not np.array_equal(one, two), "it is another picture that is looked at"


def test_a_second_look_lies_where_the_mirrored_picture_has_the_face(grid_clips: list[Clip]) -> None:
    frames = clip_frames(grid_clips[0])[:8]
    again = look_again(frames, np.tile(frame_square(160, 160), (8, 1)))
    middle = find_landmarks(frames)[:, [62, 66]]  # on the axis of the face, so that left and right do not matter
    np.testing.assert_allclose(159 - again[:, [62, 66], 0], middle[..., 0], atol=3)
    np.testing.assert_allclose(again[:, [62, 66], 1], middle[..., 1], atol=3)


def test_as_a_feature(grid_clips: list[Clip], tmp_path: Path) -> None:
    clip = grid_clips[0]
    first = Features(clip, tmp_path)[LANDMARKS]
    assert first.shape == (len(clip_frames(clip)), 68, 2)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(Features(clip, tmp_path)[LANDMARKS], first)
