"""Media of known content: grey frames and tones, at any time, in any container."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from syncbench import media
from syncbench.clip import Clip, Recording

TICKS = 90_000


def greys(levels, height=16, width=32):
    """Frames of one grey level each, ``[T, H, W, 3]``."""
    return np.stack([np.full((height, width, 3), level, np.uint8) for level in levels])


def level(frames):
    """The grey level of each frame."""
    return np.round(frames.mean(axis=(1, 2, 3))).astype(int).tolist()


def tone(seconds, rate=16_000, hertz=1000.0):
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def encode(
    path, frames, times, *, rate=25, codec="ffv1", pixels="bgr0", speech=None, speech_start=0.0, sample_rate=16_000,
    audio_codec="pcm_s16le", rotation=0, options=None, tracks=1,
):  # fmt: skip
    """Write frames at the given times: whatever our own writer would never write."""
    with av.open(str(path), "w") as container:
        videos = []
        for _ in range(tracks):
            video = container.add_stream(codec, rate=rate, options=options or {})
            video.height, video.width, video.pix_fmt = frames.shape[1], frames.shape[2], pixels
            video.codec_context.time_base = Fraction(1, TICKS)
            if rotation:
                video.set_display_rotation(rotation)
            videos.append(video)
        if speech is not None:
            samples = np.atleast_2d(speech)
            layout = {1: "mono", 2: "stereo"}[len(samples)]
            audio = container.add_stream(audio_codec, rate=sample_rate, layout=layout)
        for track, video in enumerate(videos):
            shown = frames if track == 0 else 255 - frames
            for picture, time in zip(shown, times, strict=True):
                frame = VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = round(time * TICKS), Fraction(1, TICKS)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        if speech is not None:
            sound = AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32), "fltp", layout)
            sound.sample_rate, sound.time_base = sample_rate, Fraction(1, sample_rate)
            sound.pts = round(speech_start * sample_rate)
            container.mux(audio.encode(sound))
            container.mux(audio.encode(None))
    return path


def clip_of(path, start=0.0, end=None):
    """A clip whose video and speech are those of one file."""
    return Clip("c", Recording(path, start, end), Recording(path, start, end))


def noisy(count):
    """Frames that no encoder makes small."""
    return np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def burst(tmp_path_factory):
    """20 frames, grey level 10 n in frame n, and a 1 kHz tone during frame 7 alone: as mp4."""
    speech = np.zeros(20 * 640, np.float32)
    speech[7 * 640 : 8 * 640] = tone(0.04)
    path = tmp_path_factory.mktemp("media") / "burst.mp4"
    media.write_video(path, greys(range(0, 200, 10), 32), speech)
    return path, speech
