"""Bad files: each says in one line what is wrong with it; a file cut short is no short clip."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncbench import media
from syncbench.errors import ClipError

from .conftest import clip_of, encode, noisy, tone


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
    for read in (media.read_frames, media.read_speech, media.count_frames, media.read_headers):
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
        media.read_headers(short)


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
    assert media.clip_speech(clip_of(tmp_path / "cut.mp4")).shape == (count * 640,)


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
    for read in (media.read_frames, media.read_speech, media.count_frames, media.read_headers):
        try:
            read(path)
        except ClipError as e:
            assert str(e).startswith(f"{path}: ")  # noqa: PT017
            assert "\n" not in str(e)  # noqa: PT017
