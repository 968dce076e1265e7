"""Visual corruptions do what their names say, where they say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from syncbench.corruptions import visual
from syncbench.corruptions.apply import apply
from syncbench.corruptions.conditions import Condition
from syncbench.errors import ClipError, CommandError
from syncbench.features.landmarks import fill_missing


def moving_mouth(frames: int = 60) -> np.ndarray:
    """Return landmarks whose mouth goes from left to right, [T, 68, 2]."""
    rng = np.random.default_rng(0)
    shape = rng.uniform(-10, 10, (68, 2))
    path = np.stack([np.linspace(40, 120, frames), np.full(frames, 90.0)], axis=-1)
    return (path[:, None] + shape).astype(np.float32)


def test_the_occluder_follows_the_landmark_of_the_frame_it_covers() -> None:
    marks = moving_mouth()
    frames = np.full((60, 160, 160, 3), 255, np.uint8)
    for seed in range(6):
        result = apply(Condition("clean", "occlusion"), frames, np.zeros(60 * 640, np.float32), marks, [], seed)
        covered = result.span("video")
        changed = (result.frames != 255).any(axis=-1)
        assert np.array_equal(changed.any(axis=(1, 2)), covered)
        assert 0.3 <= covered.mean() <= 1.0
        offsets = []
        for t in np.flatnonzero(covered):
            rows, columns = np.nonzero(changed[t])
            centre = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2
            offsets.append(centre - marks[t, 48:68].mean(axis=0))
        # Each span keeps its place relative to the mouth, although the mouth travels 80 pixels.
        spans = np.split(np.array(offsets), np.flatnonzero(np.diff(np.flatnonzero(covered)) > 1) + 1)
        assert all(np.ptp(span, axis=0).max() <= 3 for span in spans if len(spans) == 1)
        assert np.abs(np.array(offsets)).max() < 25


def test_occluders_of_a_folder_are_its_cut_outs(tmp_path) -> None:
    picture = np.zeros((64, 64, 4), np.uint8)
    picture[16:48, 16:48] = (200, 10, 10, 255)
    Image.fromarray(picture, "RGBA").save(tmp_path / "cup.png")
    frames = np.zeros((30, 160, 160, 3), np.uint8)
    condition = Condition("clean", f"objects:{tmp_path}")
    result = apply(condition, frames, np.zeros(30 * 640, np.float32), moving_mouth(30), [], 1)
    changed = result.frames[result.span("video")]
    assert changed[..., 0].max() > 150
    assert changed[..., 1].max() < 30
    (tmp_path / "cup.png").unlink()
    Image.fromarray(picture[..., :3]).save(tmp_path / "opaque.png")
    with pytest.raises(CommandError, match="no alpha channel"):
        apply(condition, frames, np.zeros(30 * 640, np.float32), moving_mouth(30), [], 1)


def test_segments_follow_the_published_generator() -> None:
    rng = np.random.default_rng(0)
    drawn = [visual.segments(75, rng) for _ in range(600)]
    assert {len(s) for s in drawn} == {1, 2, 3}
    for spans in drawn:
        assert all(0 <= s.start < s.stop <= 75 for s in spans)
        if len(spans) == 1:
            assert 0.29 <= len(spans[0]) / 75 <= 0.51
        if len(spans) == 3:  # a third of the clip leaves room for 25 frames
            assert all(len(s) == 12 or 22 <= len(s) < 25 for s in spans)
        assert all(a.stop <= b.start for a, b in pairwise(spans))


def test_short_clips_are_one_clear_line() -> None:
    frames = np.zeros((9, 32, 32, 3), np.uint8)
    for name in ("occlusion", "noise", "both", "blur-spans@2"):
        with pytest.raises(ClipError, match="9 frames"):
            apply(Condition("clean", name), frames, np.zeros(9 * 640, np.float32), moving_mouth(9), [], 0)


def test_missing_landmarks_are_filled_and_none_at_all_is_one_clear_line() -> None:
    marks = moving_mouth(20)
    holes = marks.copy()
    holes[5:9] = np.nan
    assert fill_missing(holes) == pytest.approx(marks, abs=0.01)
    frames = np.zeros((20, 160, 160, 3), np.uint8)
    with pytest.raises(ClipError, match="no face"):
        apply(Condition("clean", "both"), frames, np.zeros(20 * 640, np.float32), np.full_like(marks, np.nan), [], 0)
    with pytest.raises(ClipError, match="landmarks for 19"):
        apply(Condition("clean", "both"), frames, np.zeros(20 * 640, np.float32), marks[:19], [], 0)


def test_gaussian_noise_has_its_variance_and_blur_its_width() -> None:
    grey = np.full((8, 64, 64, 3), 128, np.uint8)
    noisy = visual.gaussian_noise(grey, 0.01, np.random.default_rng(0))
    assert np.var(noisy / 255.0) == pytest.approx(0.01, rel=0.03)
    point = np.zeros((1, 65, 65, 3), np.uint8)
    point[0, 32, 32] = 255
    soft = visual.blur(point * np.uint8(1), 3.0).astype(float)[0, :, :, 0]
    place = np.arange(65) - 32.0
    spread = np.sqrt((soft.sum(axis=0) * place**2).sum() / soft.sum())
    assert spread == pytest.approx(3.0, rel=0.25)  # eight bits cut the tails
    assert visual.blur(grey, 2.0).tolist() == grey.tolist()


def test_freeze_drop_dark_low_resolution_and_desync() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (25, 32, 32, 3)).astype(np.uint8)
    held = visual.freeze(frames, range(5, 10))
    assert (held[5:10] == frames[5]).all()
    assert (held[10:] == frames[10:]).all()
    shown, lost = visual.drop_frames(frames, 0.4, np.random.default_rng(0))
    assert lost.sum() == 10
    for t in range(25):
        last = max((i for i in range(t + 1) if not lost[i]), default=None)
        assert (shown[t] == (0 if last is None else frames[last])).all()
    assert (visual.darken(frames, 0.0) == 0).all()
    mosaic = visual.low_resolution(frames, 8)
    assert (mosaic[:, :8, :8] == mosaic[:, :1, :1]).all()
    assert mosaic[0, 0, 0] == pytest.approx(frames[0, :8, :8].mean(axis=(0, 1)), abs=1)
    late = visual.desync(frames, 3)
    assert (late[3:] == frames[:-3]).all()
    assert (late[:3] == frames[0]).all()
    assert (visual.desync(frames, -2)[:-2] == frames[2:]).all()
