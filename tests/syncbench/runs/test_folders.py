"""A folder of any videos: data set and answers agree on what is there, and what is left out is said."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from syncbench import media
from syncbench.runs import load_run

from .conftest import Command, film, over

PHONE = (
    "IMG_0001.MOV", "VID_2.MP4", "clip3.m4v", "take4.mkv", "take4.mp4", unicodedata.normalize("NFD", "señor.mp4"),
    "clip5.3gp", "clip6.ts", "8:15.MTS", "-a.wmv",
)  # fmt: skip
OTHER = ("clip7.3g2", "clip8.ogv", "clip9.vob")
NOT_READ = [f"{name}: {Path(name).suffix} is not read; write it as mp4, mkv or mov" for name in OTHER]


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    """Videos as phones and cameras name them, and some of kinds that are not read."""
    made = film(tmp_path / "made.mp4")
    (tmp_path / "in").mkdir()
    for name in (*PHONE, *OTHER):
        shutil.copy(made, tmp_path / "in" / name)
    return tmp_path / "in"


def run(command: Command, out: str) -> int:
    return command(*over("in", "folder:in"), "--out", out).returncode


def test_every_video_of_a_phone_is_scored(command: Command, phone: Path, tmp_path: Path) -> None:
    assert run(command, "run") == 0
    found = load_run(tmp_path / "run")
    composed = unicodedata.normalize("NFC", "señor")
    assert sorted(found.manifest.clips) == sorted(
        ["IMG_0001", "VID_2", "clip3", "take4.mkv", "take4.mp4", composed, "clip5", "clip6", "8:15", "-a"]
    )
    assert found.summary.answered == found.summary.listed == found.score("psnr").n == 10
    assert found.score("psnr").value == 100.0, "each was held against itself"


def test_videos_that_are_not_read_are_named(command: Command, phone: Path, tmp_path: Path) -> None:
    assert run(command, "run") == 0
    said = f"3 files under the dataset's folder are not among its clips: {'; '.join(NOT_READ)}"
    assert load_run(tmp_path / "run").summary.remarks == [said]
    done = command("data", "validate", "folder", "--root", "in")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [*(f"left out: {line}" for line in NOT_READ), "folder at in: no problems"]


def test_what_a_run_wrote_under_root_is_no_data(command: Command, phone: Path) -> None:
    assert run(command, "in/runs/first") == 0
    first = load_run(phone / "runs/first")
    assert command("report", "in/runs/first", "--out", "in/page").returncode == 0
    assert list(phone.rglob("page/**/*.mp4"))
    assert run(command, "in/runs/first") == 0, "its own folder is none of its clips"
    assert run(command, "in/runs/second") == 0
    second = load_run(phone / "runs/second")
    assert second.manifest.clips == first.manifest.clips
    assert second.score("psnr").signature == first.score("psnr").signature
    (remark,) = second.summary.remarks
    assert remark.startswith("5 files under the dataset's folder are not among its clips: ")
    assert "runs/first: a run of SyncBench, no data" in second.manifest.left_out
    assert "page: a report of SyncBench, no data" in second.manifest.left_out


def test_a_folder_of_frames_is_scored(command: Command, tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4")
    folder = tmp_path / "in" / "take.1"
    folder.mkdir(parents=True)
    for n, frame in enumerate(media.read_frames(made)):
        write_png(folder / f"{n}.png", frame)
    media.write_wav(tmp_path / "in" / "take.1.wav", media.read_speech(made))
    assert run(command, "run") == 0
    assert load_run(tmp_path / "run").score("psnr").value == 100.0
    assert command("verify", "run").returncode == 0
    shutil.copy(folder / "1.png", folder / "9.png")
    assert command("verify", "run").returncode != 0, "another picture is another video"
    (folder / "3.png").unlink()
    done = command("data", "validate", "folder", "--root", "in")
    assert done.returncode == 0, "a remark is no problem"
    assert done.stdout.splitlines() == [
        "remark: in/take.1: numbers missing between its first picture and its last: 1", "folder at in: no problems"
    ]  # fmt: skip


def write_png(path: Path, frame: NDArray[np.uint8]) -> None:
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream("png", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width, stream.pix_fmt = *frame.shape[:2], "rgb24"
        container.mux(stream.encode(VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode(None))
