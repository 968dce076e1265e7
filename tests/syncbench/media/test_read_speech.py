"""Reading speech: every sample comes back where it belongs, held against the first frame of the video."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile
from av.audio.frame import AudioFrame

from syncbench import media
from syncbench.errors import ClipError

from .conftest import clip_of, encode, greys, tone


@pytest.mark.parametrize("begin", [0.12, -0.08])
@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_sound_that_starts_late_or_early_is_put_right(tmp_path, begin, suffix):
    """The video starts at 0.2 s, the sound ``begin`` later: a tone in frame 7 must be found in frame 7."""
    speech = np.zeros(round((0.8 - begin) * 16_000), np.float32)
    at = 7 * 640 - round(begin * 16_000)
    speech[at : at + 640] = tone(0.04)
    times = [0.2 + n / 25 for n in range(20)]
    lossless = suffix == "mkv"
    path = encode(
        tmp_path / f"a.{suffix}", greys(range(0, 200, 10)), times, speech=speech, speech_start=0.2 + begin,
        codec="ffv1" if lossless else "libx264", pixels="bgr0" if lossless else "yuv420p",
        audio_codec="pcm_s16le" if lossless else "aac",
    )  # fmt: skip
    clip = clip_of(path)
    assert len(media.clip_frames(clip)) == 20
    energy = (media.clip_speech(clip).reshape(20, 640) ** 2).sum(axis=1)
    assert energy.argmax() == 7
    assert energy[7] > 0.9 * energy.sum()


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_sound_is_resampled_without_delay_and_channels_averaged(tmp_path, rate):
    stereo = np.stack([tone(0.8, rate, 440), np.zeros(round(0.8 * rate), np.float32)])
    path = encode(tmp_path / "a.mkv", greys(range(20)), np.arange(20) / 25, speech=stereo, sample_rate=rate)
    speech = media.clip_speech(clip_of(path))
    np.testing.assert_allclose(speech[640:-640], tone(0.8, hertz=440)[640:-640] / 2, atol=2e-3)


def test_a_hole_in_the_sound_is_silence(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        audio = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for at in (0, 16_000):
            sound = AudioFrame.from_ndarray(tone(0.5)[None], "flt", "mono")
            sound.sample_rate, sound.time_base, sound.pts = 16_000, Fraction(1, 16_000), at
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    speech = media.read_speech(path)
    assert speech.shape == (24_000,)
    assert not speech[8_000:16_000].any()
    np.testing.assert_allclose(speech[16_000:], tone(0.5), atol=1e-4)


def test_silence_is_read_as_silence(tmp_path):
    media.write_video(tmp_path / "a.mp4", greys(range(12)), np.zeros(12 * 640, np.float32))
    assert not media.clip_speech(clip_of(tmp_path / "a.mp4")).any()


def test_sound_that_is_no_number(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0.0, np.nan, 1.0]), 16_000, subtype="FLOAT")
    with pytest.raises(ClipError, match=r"a\.wav: the audio holds values that are no numbers"):
        media.read_speech(tmp_path / "a.wav")


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_sound_resampled_as_it_comes_is_as_of_one_piece(tmp_path, rate):
    """Also around a hole, and where only a part is asked for."""
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, round(5.3 * rate)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples, rate, subtype="FLOAT")
    whole = AudioFrame.from_ndarray(samples[None], "flt", "mono")
    whole.sample_rate = rate
    resampler = av.AudioResampler(format="flt", layout="mono", rate=16_000)
    expected = np.concatenate([p.to_ndarray()[0] for p in (*resampler.resample(whole), *resampler.resample(None))])
    np.testing.assert_array_equal(media.read_speech(tmp_path / "a.wav"), expected if rate != 16_000 else samples)
    np.testing.assert_array_equal(
        media.read_speech(tmp_path / "a.wav", 1.5, 3.25), media.read_speech(tmp_path / "a.wav")[24_000:52_000]
    )


def test_long_sound_takes_little_more_memory_than_its_result(tmp_path):
    rate, seconds = 48_000, 120
    noise = np.random.default_rng(0).integers(-9000, 9000, (seconds * rate, 2), dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", noise, rate)
    del noise
    tracemalloc.start()
    try:
        speech = media.read_speech(tmp_path / "a.wav")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(speech) == seconds * 16_000
    assert most < 2.5 * speech.nbytes  # one such copy at the file's own rate would take three times as much


def test_channels_that_cancel_out_are_an_error(tmp_path):
    times = np.arange(20) / 25
    left = tone(0.8)
    apart = encode(tmp_path / "a.mkv", greys(range(20)), times, speech=np.stack([left, -left]))
    with pytest.raises(ClipError, match=r"a\.mkv: the channels cancel out from 0\.00 s to 0\.80 s .*; give the speech"):
        media.read_speech(apart)
    nearly = encode(tmp_path / "b.mkv", greys(range(20)), times, speech=np.stack([left, -0.6 * left]))
    assert np.abs(media.read_speech(nearly)).max() > 0.09
    silent = encode(tmp_path / "c.mkv", greys(range(20)), times, speech=np.zeros((2, 12_800)))
    assert not media.read_speech(silent).any()
    late = np.stack([left, np.where(np.arange(12_800) < 6_400, left, -left)])
    path = encode(tmp_path / "d.mkv", greys(range(20)), times, speech=late)
    assert len(media.read_speech(path)) == 12_800  # what is heard of the first half is enough
    with pytest.raises(ClipError, match="cancel out"):
        media.read_speech(path, 0.4, 0.8)


def test_eight_channels_are_read(tmp_path):
    """PyAV ended the whole process on them."""
    eight = np.zeros((8_000, 8))
    eight[:, 2] = tone(0.5)
    soundfile.write(tmp_path / "a.wav", eight, 16_000)
    speech = media.read_speech(tmp_path / "a.wav")
    assert np.abs(speech).max() > 0.05
