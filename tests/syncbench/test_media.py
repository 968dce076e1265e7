"""Media: every frame and sample comes back where it belongs, and every bad file says what is wrong with it."""

from __future__ import annotations

import dataclasses
import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncbench import media
from syncbench.contracts import Clip
from syncbench.errors import ClipError, CommandError

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


@pytest.fixture(scope="module")
def burst(tmp_path_factory):
    """20 frames, grey level 10 n in frame n, and a 1 kHz tone during frame 7 alone: as mp4."""
    speech = np.zeros(20 * 640, np.float32)
    speech[7 * 640 : 8 * 640] = tone(0.04)
    path = tmp_path_factory.mktemp("media") / "burst.mp4"
    media.write_video(path, greys(range(0, 200, 10), 32), speech)
    return path, speech


# What was written comes back


def test_mp4_keeps_frames_and_sound_in_their_places(burst):
    path, speech = burst
    assert np.abs(np.array(level(media.read_frames(path))) - np.arange(0, 200, 10)).max() <= 2
    read = Clip("c", path).speech()
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
    clip = Clip("a", tmp_path / "a.mkv")
    np.testing.assert_array_equal(clip.frames(), frames)
    np.testing.assert_array_equal(clip.speech(), speech)


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


# Frames by presentation time


@pytest.mark.parametrize("rate", [Fraction(30_000, 1001), Fraction(30), Fraction(24), Fraction(50), Fraction(25, 2)])
@pytest.mark.parametrize("suffix", ["mkv", "mp4"])  # timestamps rounded to milliseconds, and near exact ones
def test_other_rates_become_25_fps(tmp_path, rate, suffix):
    count = 24
    settings = {"codec": "libx264rgb", "pixels": "rgb24", "options": {"qp": "0"}} if suffix == "mp4" else {}
    times = [n / rate for n in range(count)]
    path = encode(tmp_path / f"a.{suffix}", greys(range(0, 240, 10)), times, rate=rate, **settings)
    shown = level(media.read_frames(path))
    assert len(shown) == media.count_frames(path) == round(float(count / rate * 25))
    for n, value in enumerate(shown):
        # what is shown at n/25 s began at most half a frame of 25 fps later, and nothing newer did
        begin = value / 10 / float(rate) * 25
        following = (value / 10 + 1) / float(rate) * 25
        assert begin <= n + 0.5 + 0.02
        assert following >= n + 0.5 - 0.02 or value == 230


def test_variable_rate_shows_each_frame_until_the_next(tmp_path):
    times = [0, 0.04, 0.2, 0.24, 0.26, 0.4]  # a hole of four frames, then one shown for half a frame
    path = encode(tmp_path / "a.mkv", greys([0, 40, 80, 120, 160, 200]), times)
    assert level(media.read_frames(path)) == [0, 40, 40, 40, 40, 80, 120, 160, 160, 160, 200]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(20, 300), min_size=1, max_size=12))
def test_any_timing_agrees_with_the_definition(tmp_path, steps):
    times = np.concatenate([[0], np.cumsum(steps)]) / 1000
    path = encode(tmp_path / "a.mkv", greys(range(0, 10 * len(times), 10)), times.tolist())
    shown = np.array(level(media.read_frames(path))) // 10
    slots = np.floor(times * 25 + 0.5 + 1e-6)
    expected = [max(np.flatnonzero(slots <= n)) for n in range(len(shown))]
    assert shown.tolist() == expected
    assert len(shown) >= slots[-1]


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(0, 0.2, range(5)), (0.2, 0.4, range(5, 10)), (0.6, None, range(15, 20))]
)
def test_a_span_is_cut_by_time(burst, start, end, expected):
    path, _ = burst
    shown = media.read_frames(path, start, end)
    assert [round(v / 10) for v in level(shown)] == list(expected)
    assert media.count_frames(path, start, end) == len(shown)


def test_a_span_past_the_end_gives_what_is_there(burst):
    assert media.count_frames(burst[0], 0.6, 9.0) == 5


def test_rotation_is_honoured(tmp_path):
    frames = greys([0] * 3)
    frames[:, :8, :16] = 255  # bright top left quarter of 16 x 32
    path = encode(tmp_path / "a.mp4", frames, [0, 0.04, 0.08], codec="libx264", pixels="yuv420p", rotation=90)
    shown = media.read_frames(path)
    assert shown.shape == (3, 32, 16, 3)
    corners = {"tl": shown[0, 2, 2, 0], "tr": shown[0, 2, -3, 0], "bl": shown[0, -3, 2, 0], "br": shown[0, -3, -3, 0]}
    assert max(corners, key=lambda c: corners[c]) == "bl"  # a quarter turn counterclockwise


def test_the_first_of_two_video_streams_is_read(tmp_path):
    path = encode(tmp_path / "a.mkv", greys([10, 20, 30]), [0, 0.04, 0.08], tracks=2)
    assert level(media.read_frames(path)) == [10, 20, 30]


def test_one_frame_is_a_clip(tmp_path):
    media.write_video(tmp_path / "one.mp4", greys([99]), tone(0.04))
    clip = Clip("one", tmp_path / "one.mp4")
    assert clip.frames().shape == (1, 16, 32, 3)
    assert clip.speech().shape == (640,)


# Sound against the first frame


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
    clip = Clip("c", path)
    assert len(clip.frames()) == 20
    energy = (clip.speech().reshape(20, 640) ** 2).sum(axis=1)
    assert energy.argmax() == 7
    assert energy[7] > 0.9 * energy.sum()


@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.5])
def test_sound_is_cut_or_padded_to_the_video(tmp_path, seconds):
    media.write_lossless(tmp_path / "a.mkv", greys(range(20)), tone(seconds))
    speech = Clip("c", tmp_path / "a.mkv").speech()
    assert speech.shape == (20 * 640,)
    kept = min(len(speech), round(seconds * 16_000))
    np.testing.assert_array_equal(speech[:kept], tone(seconds)[:kept])
    assert not speech[kept:].any()


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_sound_is_resampled_without_delay_and_channels_averaged(tmp_path, rate):
    stereo = np.stack([tone(0.8, rate, 440), np.zeros(round(0.8 * rate), np.float32)])
    path = encode(tmp_path / "a.mkv", greys(range(20)), np.arange(20) / 25, speech=stereo, sample_rate=rate)
    speech = Clip("c", path).speech()
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


def test_speech_alone_has_as_many_frames_as_fit(tmp_path):
    media.write_wav(tmp_path / "a.wav", tone(0.5))
    clip = Clip("c", None, audio=tmp_path / "a.wav")
    assert clip.speech().shape == (12 * 640,)
    assert clip.speech(15).shape == (15 * 640,)
    with pytest.raises(ClipError, match="no video"):
        clip.frames()


def test_a_separate_wav_is_read_from_its_own_start(burst, tmp_path):
    path, _ = burst
    wav = np.arange(20 * 640, dtype=np.float32) / 2**15
    media.write_wav(tmp_path / "a.wav", wav)
    clip = Clip("c", path, audio=tmp_path / "a.wav", start=0.2, end=0.6)
    np.testing.assert_allclose(clip.speech(), wav[5 * 640 : 15 * 640], atol=1e-6)
    moved = dataclasses.replace(clip, audio_start=0.04)
    np.testing.assert_allclose(moved.speech(), wav[640 : 11 * 640], atol=1e-6)


def test_silence_is_read_as_silence(tmp_path):
    media.write_video(tmp_path / "a.mp4", greys(range(12)), np.zeros(12 * 640, np.float32))
    assert not Clip("c", tmp_path / "a.mp4").speech().any()


# Bad files


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.mp4", None, "no such file"),
        ("empty.mp4", b"", r"empty \(0 bytes\)"),
        ("noise.mp4", bytes(range(256)) * 8, "not a readable media file"),
        ("text.avi", b"Text:  HELLO\n", "not a readable media file"),
    ],
)
def test_files_that_are_no_media(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    for read in (media.read_frames, media.read_speech, media.count_frames, media.probe):
        with pytest.raises(ClipError, match=message) as error:
            read(path)
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)


def test_a_folder_is_no_media(tmp_path):
    with pytest.raises(ClipError, match=str(tmp_path)):
        media.read_frames(tmp_path)


def cut(path, to, fraction):
    to.write_bytes(path.read_bytes()[: int(path.stat().st_size * fraction)])
    return to


def noisy(count):
    return np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)


def test_a_truncated_mp4_without_its_index(tmp_path):
    media.write_video(tmp_path / "a.mp4", noisy(12), tone(0.48))
    with pytest.raises(ClipError, match="not a readable media file"):
        media.read_frames(cut(tmp_path / "a.mp4", tmp_path / "b.mp4", 0.6))


def test_a_truncated_mp4_with_its_index_says_how_many_frames_are_left(tmp_path):
    whole = tmp_path / "a.mp4"
    encode(whole, noisy(20), np.arange(20) / 25, codec="libx264", pixels="yuv420p", speech=tone(0.8), audio_codec="aac")
    fast = tmp_path / "fast.mp4"  # the index first, as files for streaming have it
    with av.open(str(whole)) as source, av.open(str(fast), "w", options={"movflags": "faststart"}) as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    assert media.count_frames(fast) == 20
    short = cut(fast, tmp_path / "short.mp4", 0.5)
    with pytest.raises(ClipError, match=r"cut short: (\d+) of 20 frames"):
        media.read_frames(short)
    with pytest.raises(ClipError, match="cut short"):
        media.probe(short)


def test_a_truncated_matroska_says_what_is_missing(tmp_path):
    media.write_lossless(tmp_path / "a.mkv", noisy(50), tone(2.0))
    with pytest.raises(ClipError, match=r"(\d+) frames (are left|can be decoded)"):
        media.read_frames(cut(tmp_path / "a.mkv", tmp_path / "b.mkv", 0.4))


def test_a_cut_made_without_encoding_is_no_truncated_file(tmp_path):
    """Its index lists frames before the cut that are not shown: 20 entries, fewer frames."""
    encode(
        tmp_path / "a.mp4", noisy(40), np.arange(40) / 25, codec="libx264", pixels="yuv420p", options={"g": "20"},
        speech=tone(1.6), audio_codec="aac",
    )  # fmt: skip
    with av.open(str(tmp_path / "a.mp4")) as source, av.open(str(tmp_path / "cut.mp4"), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None and packet.pts * packet.time_base >= Fraction(4, 5):
                shift = round(
                    Fraction(1) / packet.time_base
                )  # to begin before zero, which the writer marks as not shown
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    count = len(media.read_frames(tmp_path / "cut.mp4"))
    assert 0 < count <= 20
    assert Clip("c", tmp_path / "cut.mp4").speech().shape == (count * 640,)


def test_damaged_frames_inside(tmp_path):
    media.write_lossless(tmp_path / "a.mkv", noisy(12))
    data = bytearray((tmp_path / "a.mkv").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40_000] = bytes(40_000)
    (tmp_path / "b.mkv").write_bytes(data)
    try:
        outcome = f"{len(media.read_frames(tmp_path / 'b.mkv'))} frames"  # the decoder may conceal damage inside,
    except ClipError as e:  # but a shorter clip may not come out of it
        outcome = str(e)
    assert outcome == "12 frames" or str(tmp_path / "b.mkv") in outcome


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_wrong_with_a_file_is_one_line(tmp_path, burst, data):
    content = bytearray(burst[0].read_bytes())
    content = content[: data.draw(st.integers(1, len(content)))]
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=20)):
        content[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    for read in (media.read_frames, media.read_speech, media.count_frames, media.probe):
        try:
            read(path)
        except ClipError as e:
            assert str(e).startswith(f"{path}: ")  # noqa: PT017
            assert "\n" not in str(e)  # noqa: PT017


def test_sound_that_is_no_number(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0.0, np.nan, 1.0]), 16_000, subtype="FLOAT")
    with pytest.raises(ClipError, match=r"a\.wav: the audio holds values that are no numbers"):
        media.read_speech(tmp_path / "a.wav")


def test_no_video_and_no_sound(tmp_path, burst):
    media.write_wav(tmp_path / "a.wav", tone(0.2))
    with pytest.raises(ClipError, match=r"a\.wav: no video stream"):
        media.read_frames(tmp_path / "a.wav")
    media.write_video(tmp_path / "mute.mp4", greys(range(3)))
    with pytest.raises(ClipError, match=r"mute\.mp4: no audio stream"):
        media.read_speech(tmp_path / "mute.mp4")
    with pytest.raises(ClipError, match="neither audio nor video"):
        Clip("nothing", None).speech()


def test_spans_that_make_no_sense(burst):
    path, _ = burst
    with pytest.raises(ClipError, match="check the span"):
        media.read_frames(path, 0.4, 0.2)
    with pytest.raises(ClipError, match=r"ends at 0\.80 s, before 5\.00 s"):
        media.read_frames(path, 5.0)
    with pytest.raises(ClipError, match=r"audio ends at .* before 5\.00 s"):
        media.read_speech(path, 5.0)


def test_a_huge_file_is_refused_before_it_fills_the_memory(burst, tmp_path, monkeypatch):
    path, _ = burst
    monkeypatch.setattr(media, "MAX_BYTES", 20_000)
    with pytest.raises(ClipError, match="cut it into shorter clips"):
        media.read_frames(path)
    assert media.read_frames(path, 0, 0.2).shape[0] == 5  # a span that fits is read


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(CommandError, match=r"no/a\.mp4: cannot be written"):
        media.write_video(tmp_path / "no" / "a.mp4", greys([1]))
    with pytest.raises(CommandError, match=r"no/a\.wav: cannot be written"):
        media.write_wav(tmp_path / "no" / "a.wav", tone(0.1))
    for frames in (np.zeros((0, 8, 8, 3), np.uint8), np.zeros((2, 8, 8, 3), np.float32), np.zeros((8, 8, 3), np.uint8)):
        with pytest.raises(ClipError, match="frames must be"):
            media.write_video(tmp_path / "a.mp4", frames)
    with pytest.raises(ClipError, match="speech must be"):
        media.write_video(tmp_path / "a.mp4", greys([1]), np.full(640, np.nan, np.float32))
    assert not list(tmp_path.iterdir())  # nothing half-written is left


def test_nothing_is_replaced_by_a_failed_writing(tmp_path, burst):
    shutil.copy(burst[0], tmp_path / "a.mp4")
    with pytest.raises(ClipError):
        media.write_video(tmp_path / "a.mp4", greys([1]), np.zeros(0, np.float32))
    assert (tmp_path / "a.mp4").read_bytes() == burst[0].read_bytes()


# Real files


def test_real_mpeg_and_its_cut_agree(shared):
    """The same utterance as distributed (MPEG-1, MP2 at 44.1 kHz stereo) and as an mp4 cut of the face."""
    original = Clip("o", Path(shared) / "data/grid/s1/video/bbal6n.mpg")
    face = Clip("f", Path(shared) / "data/lrs2-grid/mvlrs_v1/main/s1/bbal6n.mp4")
    assert original.frames().shape == (75, 288, 360, 3)
    assert face.frames().shape == (75, 160, 160, 3)
    a, b = original.speech(), face.speech()
    assert a.shape == b.shape == (75 * 640,)
    lag = np.correlate(a, b, "full").argmax() - (len(b) - 1)
    assert abs(lag) <= 16  # within a millisecond
    assert np.corrcoef(a, b)[0, 1] > 0.9


def test_probe_reads_headers(shared):
    found = media.probe(Path(shared) / "data/grid/s1/video/bbal6n.mpg")
    assert (found.width, found.height, found.fps) == (360, 288, 25.0)
    assert (found.sample_rate, found.channels) == (44_100, 2)
