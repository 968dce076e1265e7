"""Reading speech: every sample comes back where it belongs, held against the first frame of the video."""

from __future__ import annotations

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
