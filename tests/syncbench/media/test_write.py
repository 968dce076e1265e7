"""Writing: what was written comes back, the same frames are the same bytes, and nothing half-written is left."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from syncbench import media
from syncbench.errors import ClipError, CommandError

from .conftest import clip_of, greys, level, tone


def test_mp4_keeps_frames_and_sound_in_their_places(burst):
    path, speech = burst
    assert np.abs(np.array(level(media.read_frames(path))) - np.arange(0, 200, 10)).max() <= 2
    read = media.clip_speech(clip_of(path))
    assert read.shape == (20 * 640,)
    assert read.dtype == np.float32
    energy = (read.reshape(20, 640) ** 2).sum(axis=1)
    assert energy.argmax() == 7
    assert energy[7] > 0.95 * energy.sum()
    assert np.correlate(read, speech, "full").argmax() == len(speech) - 1  # no lag, not one sample


def test_lossless_is_exact(tmp_path):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (6, 31, 45, 3), dtype=np.uint8)
    speech = rng.uniform(-1, 1, 6 * 640).astype(np.float32)
    media.write_lossless(tmp_path / "a.mkv", frames, speech)
    clip = clip_of(tmp_path / "a.mkv")
    np.testing.assert_array_equal(media.clip_frames(clip), frames)
    np.testing.assert_array_equal(media.clip_speech(clip), speech)


def test_the_same_frames_give_the_same_bytes(tmp_path):
    """Whatever was written in between: conversion inside the encoder once made a few runs in a hundred differ."""
    rng = np.random.default_rng(1)
    frames = rng.integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    found = set()
    for n in range(30):
        other = rng.integers(0, 256, (1 + n % 5, 2 * rng.integers(8, 40), 2 * rng.integers(8, 40), 3), dtype=np.uint8)
        media.write_video(tmp_path / "b.mp4", other)
        media.write_video(tmp_path / "a.mp4", frames, tone(0.2))
        found.add((tmp_path / "a.mp4").read_bytes())
    assert len(found) == 1


def test_mp4_of_an_odd_size_keeps_it(tmp_path):
    media.write_video(tmp_path / "odd.mp4", greys([50, 100], 33, 47))
    assert media.read_frames(tmp_path / "odd.mp4").shape == (2, 33, 47, 3)


def test_wav_round_trip_clips_to_one(tmp_path):
    speech = tone(0.2) * 3
    media.write_wav(tmp_path / "a.wav", speech)
    np.testing.assert_allclose(media.read_speech(tmp_path / "a.wav"), np.clip(speech, -1, 1), atol=1e-4)


def test_what_cannot_be_written(tmp_path):
    (tmp_path / "no").touch()  # no folder can be made there
    with pytest.raises(CommandError, match=r"no/a\.mp4: cannot be written"):
        media.write_video(tmp_path / "no" / "a.mp4", greys([1]))
    with pytest.raises(CommandError, match=r"no/a\.wav: cannot be written"):
        media.write_wav(tmp_path / "no" / "a.wav", tone(0.1))
    for frames in (np.zeros((0, 8, 8, 3), np.uint8), np.zeros((2, 8, 8, 3), np.float32), np.zeros((8, 8, 3), np.uint8)):
        with pytest.raises(ClipError, match="frames must be"):
            media.write_video(tmp_path / "a.mp4", frames)
    with pytest.raises(ClipError, match="speech must be"):
        media.write_video(tmp_path / "a.mp4", greys([1]), np.full(640, np.nan, np.float32))
    assert [path.name for path in tmp_path.iterdir()] == ["no"], "nothing half-written is left"


def test_nothing_is_replaced_by_a_failed_writing(tmp_path, burst):
    shutil.copy(burst[0], tmp_path / "a.mp4")
    with pytest.raises(ClipError):
        media.write_video(tmp_path / "a.mp4", greys([1]), np.zeros(0, np.float32))
    assert (tmp_path / "a.mp4").read_bytes() == burst[0].read_bytes()
