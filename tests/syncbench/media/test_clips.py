"""What a clip shows and says: speech as long as the video, spans of either, and what is not there said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from syncbench import media
from syncbench.clip import Clip, Recording
from syncbench.errors import ClipError

from .conftest import clip_of, greys, tone


def test_one_frame_is_a_clip(tmp_path):
    media.write_video(tmp_path / "one.mp4", greys([99]), tone(0.04))
    clip = clip_of(tmp_path / "one.mp4")
    assert media.clip_frames(clip).shape == (1, 16, 32, 3)
    assert media.clip_speech(clip).shape == (640,)


@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.5])
def test_sound_is_cut_or_padded_to_the_video(tmp_path, seconds):
    media.write_lossless(tmp_path / "a.mkv", greys(range(20)), tone(seconds))
    speech = media.clip_speech(clip_of(tmp_path / "a.mkv"))
    assert speech.shape == (20 * 640,)
    kept = min(len(speech), round(seconds * 16_000))
    np.testing.assert_array_equal(speech[:kept], tone(seconds)[:kept])
    assert not speech[kept:].any()


def test_speech_alone_has_as_many_frames_as_fit(tmp_path):
    media.write_wav(tmp_path / "a.wav", tone(0.5))
    clip = Clip("c", speech=Recording(tmp_path / "a.wav"))
    assert media.clip_speech(clip).shape == (12 * 640,)
    assert media.clip_speech(clip, 15).shape == (15 * 640,)
    with pytest.raises(ClipError, match="no video"):
        media.clip_frames(clip)


def test_a_separate_wav_is_read_from_its_own_start(burst, tmp_path):
    path, _ = burst
    wav = np.arange(20 * 640, dtype=np.float32) / 2**15
    media.write_wav(tmp_path / "a.wav", wav)
    clip = Clip("c", Recording(path, 0.2, 0.6), Recording(tmp_path / "a.wav", 0.2, 0.6))
    np.testing.assert_allclose(media.clip_speech(clip), wav[5 * 640 : 15 * 640], atol=1e-6)
    moved = dataclasses.replace(clip, speech=Recording(tmp_path / "a.wav", 0.04))
    np.testing.assert_allclose(media.clip_speech(moved), wav[640 : 11 * 640], atol=1e-6)


def test_no_video_and_no_sound(tmp_path, burst):
    media.write_wav(tmp_path / "a.wav", tone(0.2))
    with pytest.raises(ClipError, match=r"a\.wav: no video stream"):
        media.read_frames(tmp_path / "a.wav")
    media.write_video(tmp_path / "mute.mp4", greys(range(3)))
    with pytest.raises(ClipError, match=r"mute\.mp4: no audio stream"):
        media.read_speech(tmp_path / "mute.mp4")
    nothing = Clip("nothing")
    for read in (media.clip_speech, media.clip_length):
        with pytest.raises(ClipError, match="no speech here"):
            read(nothing)
    with pytest.raises(ClipError, match="no video here"):
        media.clip_frames(nothing)


def test_real_mpeg_and_its_cut_agree(shared, lrs2_grid):
    """The same utterance as distributed (MPEG-1, MP2 at 44.1 kHz stereo) and as an mp4 cut of the face."""
    original = clip_of(shared / "data/grid/s1/video/bbal6n.mpg")
    face = clip_of(lrs2_grid / "mvlrs_v1/main/s1/bbal6n.mp4")
    assert media.clip_frames(original).shape == (75, 288, 360, 3)
    assert media.clip_frames(face).shape == (75, 160, 160, 3)
    a, b = media.clip_speech(original), media.clip_speech(face)
    assert a.shape == b.shape == (75 * 640,)
    lag = np.correlate(a, b, "full").argmax() - (len(b) - 1)
    assert abs(lag) <= 16  # within a millisecond
    assert np.corrcoef(a, b)[0, 1] > 0.9
