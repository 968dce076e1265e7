"""Folders of frames: numbered pictures as a video at 25 fps."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from syncbench import media
from syncbench.clip import Clip, Recording
from syncbench.errors import ClipError
from syncbench.files import file_hash

from .conftest import greys, level, tone


def lay(folder, names, values, height=16, width=32):
    """Write pictures of one grey each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in zip(names, greys(values, height, width), strict=True):
        codec = {"png": "png", "jpg": "mjpeg", "jpeg": "mjpeg"}[name.rpartition(".")[2].lower()]
        with av.open(str(folder / name), "w", format="image2", options={"update": "1"}) as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, "rgb24" if codec == "png" else "yuvj420p"
            container.mux(stream.encode(VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode(None))
    return folder


@pytest.mark.parametrize("form", ["{}.png", "frame_{:06d}.JPG", "take 2 - {}.jpeg"])
def test_pictures_are_frames_in_the_order_of_their_numbers(tmp_path, form):
    folder = lay(tmp_path / "a.b", [form.format(n) for n in range(1, 13)], range(0, 240, 20))
    footage = media.open_footage(folder)
    assert footage.shape == (12, 16, 32, 3)
    assert np.abs(np.array(level(np.asarray(footage))) - range(0, 240, 20)).max() <= 2
    assert media.count_frames(folder) == 12
    assert media.count_frames(folder, 0.2, 0.4) == 5
    found = media.read_headers(folder)
    assert (found.width, found.height, found.fps, found.seconds, found.sample_rate) == (32, 16, 25.0, 0.48, 0)
    assert found.remarks == ()


def test_speech_comes_from_a_file_beside_them(tmp_path):
    folder = lay(tmp_path / "a", [f"{n}.png" for n in range(10)], range(10))
    media.write_wav(tmp_path / "a.wav", tone(0.3))
    clip = Clip("a", Recording(folder), Recording(tmp_path / "a.wav"))
    assert media.clip_speech(clip).shape == (10 * 640,)
    with pytest.raises(ClipError, match=r"a folder of frames has no sound; put a\.wav beside it"):
        media.read_speech(folder)


@pytest.mark.parametrize("name", ["what?", "a%d", "[b]", "c*", "d:e", "-f"])
def test_folders_of_any_name(tmp_path, name):
    lay(tmp_path / "whats", ["1.png"], [10])
    lay(tmp_path / "cc", ["1.png"], [10])
    lay(tmp_path / "plain", ["1.png", "2.png"], [50, 60]).rename(tmp_path / name)
    assert level(media.read_frames(tmp_path / name)) == [50, 60]


def test_pictures_of_two_sizes_and_folders_without_any(tmp_path):
    folder = lay(tmp_path / "a", ["1.png"], [0])
    lay(folder, ["2.png"], [0], 32, 32)
    with pytest.raises(ClipError, match="the picture changes size from 32x16 to 32x32 at frame 1"):
        media.read_frames(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ClipError, match=r"empty: a folder without numbered \.png"):
        media.read_frames(tmp_path / "empty")
    (folder / "2.png").write_bytes(b"no picture")
    with pytest.raises(ClipError, match=r"2\.png"):
        media.read_frames(folder)


def test_missing_numbers_are_remarked(tmp_path):
    folder = lay(tmp_path / "a", ["1.png", "2.png", "5.png"], [10, 20, 50])
    assert level(media.read_frames(folder)) == [10, 20, 50]
    assert media.read_headers(folder).remarks == ("numbers missing between its first picture and its last: 2",)


def test_another_picture_is_another_hash(tmp_path):
    folder = lay(tmp_path / "a", ["1.png", "2.png"], [10, 20])
    before = file_hash(folder)
    assert file_hash(folder) == before
    lay(folder, ["2.png"], [30])
    assert file_hash(folder) != before
