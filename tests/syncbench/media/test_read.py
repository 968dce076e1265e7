"""Reading: every frame comes back where it is shown, whatever the file's rate, timing and rotation."""

from __future__ import annotations

import gc
import unicodedata
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncbench import media
from syncbench.errors import ClipError

from .conftest import encode, greys, level, tone


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


def test_the_first_of_two_equal_video_tracks_is_read_and_said_to_be(tmp_path):
    path = encode(tmp_path / "a.mkv", greys([10, 20, 30]), [0, 0.04, 0.08], tracks=2)
    assert level(media.read_frames(path)) == [10, 20, 30]
    assert media.read_headers(path).remarks == ("the video track 1 of 2 is taken (32x16)",)


@pytest.mark.parametrize("reordered", [0, 2])
def test_avi_frames_come_in_order_and_hold_against_the_sound(tmp_path, reordered):
    """AVI stores no presentation times: those that FFmpeg makes up ran 0, 0, 0, 2, 4, 4, or began a frame late."""
    grey = range(0, 240, 10)
    speech = np.zeros(24 * 640, np.float32)
    speech[7 * 640 : 8 * 640] = tone(0.04)
    path = encode(
        tmp_path / "a.avi", greys(grey, 64, 64), [n / 25 for n in range(24)], codec="libx264", pixels="yuv420p",
        options={"bf": str(reordered), "g": "12"}, speech=speech, audio_codec="pcm_s16le",
    )  # fmt: skip
    assert np.abs(np.array(level(media.read_frames(path))) - grey).max() <= 4
    assert (media.read_speech(path)[: 24 * 640].reshape(24, 640) ** 2).sum(axis=1).argmax() == 7


@pytest.mark.parametrize(
    "name",
    [
        "a:b.mkv", "-x.mkv", "http:x.mkv", "%03d.mkv", "a b'c\"d.mkv", unicodedata.normalize("NFC", "señor.MKV"),
        unicodedata.normalize("NFD", "señor.mkv"), "100%?.mkv", "日本.mkv",
    ],
)  # fmt: skip
def test_names_of_any_form(tmp_path, monkeypatch, name):
    encode(tmp_path / "a.mkv", greys([10, 20]), [0, 0.04])
    (tmp_path / "a.mkv").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / name, Path(name)):
        assert level(media.read_frames(path)) == [10, 20]


@pytest.mark.parametrize("name", ["a.gif", "a%02d*.gif"])
def test_a_gif_shows_each_frame_as_long_as_it_says(tmp_path, name):
    encode(tmp_path / "a.gif", greys([0, 109, 255]), [0, 0.12, 0.16], codec="gif", pixels="rgb8")
    (tmp_path / "a.gif").rename(tmp_path / name)
    shown = level(media.read_frames(tmp_path / name))
    assert np.abs(np.array(shown[:5]) - [0, 0, 0, 109, 255]).max() <= 2


def test_spans_that_make_no_sense(burst):
    path, _ = burst
    with pytest.raises(ClipError, match="check the span"):
        media.read_frames(path, 0.4, 0.2)
    with pytest.raises(ClipError, match=r"ends at 0\.80 s, before 5\.00 s"):
        media.read_frames(path, 5.0)
    with pytest.raises(ClipError, match=r"audio ends at .* before 5\.00 s"):
        media.read_speech(path, 5.0)


def test_frames_are_freed_as_soon_as_they_are_read(lrs2_grid, monkeypatch):
    monkeypatch.setattr("syncbench.media.read.HELD_BYTES", 0)
    monkeypatch.setattr("syncbench.media.footage.HELD_BYTES", 0)
    gc.collect()
    gc.disable()  # what waits for it fills memory, a few megabytes a frame
    try:
        footage = media.open_footage(min(lrs2_grid.rglob("*.mp4")))
        assert sum(len(piece) for piece in (footage[span] for span in media.spans(footage, 8))) == 75
        assert sum(type(thing) is VideoFrame for thing in gc.get_objects()) < 5
    finally:
        gc.enable()


def test_a_long_video_is_decoded_piece_by_piece(burst, monkeypatch):
    path, _ = burst
    whole = media.read_frames(path)
    monkeypatch.setattr("syncbench.media.read.HELD_BYTES", 0)
    monkeypatch.setattr("syncbench.media.footage.HELD_BYTES", 0)
    footage = media.open_footage(path)
    assert footage.shape == whole.shape
    for start, stop in ((0, 3), (3, 11), (11, 99), (4, 6), (5, 8), (2, 2)):  # forward, beyond the end, back, again
        np.testing.assert_array_equal(footage[start:stop], whole[start:stop])
    np.testing.assert_array_equal(np.stack([*footage]), whole)
    np.testing.assert_array_equal(np.asarray(footage), whole)
    monkeypatch.setattr("syncbench.media.footage.WHOLE_BYTES", 20_000)
    with pytest.raises(ClipError, match="cut it into shorter clips"):
        np.asarray(footage)
    assert media.read_frames(path, 0, 0.2).shape[0] == 5  # a span that fits is read
