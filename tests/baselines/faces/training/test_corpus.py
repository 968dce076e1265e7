"""Talking faces prepared for training: windows of them, what is held out, and clips that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from syncbench.baselines.faces.networks import SMALL_FACE
from syncbench.baselines.faces.training.corpus import Corpus, prepare
from syncbench.clip import Clip, Recording
from syncbench.errors import CommandError


def corpus(lengths: list[int]) -> Corpus:
    frames = sum(lengths)
    pixels = np.arange(frames, dtype=np.int64).astype(np.uint8)[:, None, None, None] + np.zeros((1, 4, 4, 3), np.uint8)
    starts = np.cumsum([0, *lengths])
    mel = np.repeat(np.arange(starts[-1] * 4, dtype=np.float32)[:, None], 80, axis=1)
    return Corpus(pixels, mel, starts, starts * 4)


def test_windows_lie_inside_their_clips() -> None:
    data = corpus([20, 12, 30])
    windows = data.draw(np.random.default_rng(0), np.array([0, 2]), 500, 5)
    assert set(windows[:, 0]) == {0, 2}
    assert (windows[:, 1] >= 2).all()
    assert (windows[:, 1] + 5 + 2 <= data.lengths[windows[:, 0]]).all()
    assert windows[windows[:, 0] == 0, 1].max() == 13
    places = data.frames(np.array([[1, 2]]), -2, 7)
    np.testing.assert_array_equal(places, np.arange(20, 29)[None])
    # beyond the clip its last frame is repeated, never the next clip's first
    np.testing.assert_array_equal(data.frames(np.array([[1, 10]]), 0, 5), [[30, 31, 31, 31, 31]])
    assert data.chunks(np.array([[1, 11]]), 0, 1).max() == 127
    assert data.sync_chunks(np.array([[2, 10]]))[0, 0, 0] == 128 + 32
    with pytest.raises(CommandError, match="no clip is longer"):
        data.draw(np.random.default_rng(0), np.array([1]), 3, 10)


def test_held_out_clips_are_not_learned_from() -> None:
    learned, held = corpus([20] * 40).split()
    assert held.tolist() == [31]
    assert not set(learned) & set(held)
    assert corpus([20, 20]).split()[1].tolist() == [1]


def test_clips_are_prepared_once_and_bad_ones_left_out(grid_clips: list[Clip], tmp_path: Path) -> None:
    bad = replace(grid_clips[0], id="s1/bad", video=Recording(tmp_path / "absent.mp4"))
    clips = [grid_clips[0], bad, grid_clips[1]]
    first = prepare(clips, SMALL_FACE, tmp_path)
    assert first.lengths.tolist() == [75, 75]
    assert first.pixels.shape == (150, 64, 64, 3)
    left_out = next(tmp_path.rglob("left_out.txt"))
    assert left_out.read_text().startswith("s1/bad: ")
    written = {path: path.stat().st_mtime_ns for path in left_out.parent.iterdir()}
    again = prepare(clips, SMALL_FACE, tmp_path)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert {path: path.stat().st_mtime_ns for path in left_out.parent.iterdir()} == written, "prepared again"
    with pytest.raises(CommandError, match="no clip could be prepared"):
        prepare([bad], SMALL_FACE, tmp_path)
