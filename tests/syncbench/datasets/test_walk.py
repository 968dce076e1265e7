"""What in a folder is a video, under which id, and what is left out and said to be."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from syncbench.baselines.precomputed.videos import Videos
from syncbench.clip import Clip, Recording
from syncbench.datasets.folder import FOLDER
from syncbench.datasets.walk import walk
from syncbench.options import Options
from syncbench.system import Setup

PHONE = (
    "IMG_0001.MOV", "VID_2.MP4", "clip3.m4v", "take4.mkv", "take4.mp4", "deep/er/x.WebM", "c.3gp", "d.TS",
    "e.gif", "f.flv", "g.WMV", "h.mts", "i.M2TS", "j:k.mp4", "-l.mp4",
)  # fmt: skip
SPLIT = unicodedata.normalize("NFD", "señor.mp4")  # as macOS writes it


def lay(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def test_dataset_and_answers_agree_on_every_file(tmp_path: Path) -> None:
    lay(tmp_path, *PHONE, SPLIT, ".hidden.mp4", "notes.txt")
    clips = [clip for clip in FOLDER.clips(tmp_path, "test") if isinstance(clip, Clip)]
    composed = unicodedata.normalize("NFC", "señor")
    assert {clip.id for clip in clips} == {
        "IMG_0001", "VID_2", "clip3", "take4.mkv", "take4.mp4", composed, "deep/er/x",
        "c", "d", "e", "f", "g", "h", "i", "j:k", "-l"
    }  # fmt: skip
    answers = Videos(Setup(Options(), str(tmp_path)), "folder")
    for clip in clips:
        assert clip.video is not None
        assert answers.source(clip) == clip.video.path


@pytest.mark.parametrize("name", ["a.3g2", "b.VOB", "deep/f.ogv"])
def test_videos_that_are_not_read_are_named(tmp_path: Path, name: str) -> None:
    lay(tmp_path, "x.mp4", name)
    (line,) = FOLDER.left_out(tmp_path)
    assert line == f"{name}: {Path(name).suffix} is not read; write it as mp4, mkv or mov"
    assert [clip.id for clip in FOLDER.clips(tmp_path, "test")] == ["x"]


def test_runs_and_reports_are_no_data(tmp_path: Path) -> None:
    lay(tmp_path, "x.mp4", "r/manifest.json", "r/journal.jsonl", "r/outputs/x.mp4", "r/anchors/frozen/outputs/x.mp4")
    lay(tmp_path, "deep/page/leaderboard.csv", "deep/page/report.md", "deep/page/media/x.mp4")
    found = walk(tmp_path)
    assert list(found.videos) == ["x"]
    assert found.left_out == ("r: a run of SyncBench, no data", "deep/page: a report of SyncBench, no data")


def test_a_folder_of_the_same_file_names_that_is_no_run_is_data(tmp_path: Path) -> None:
    lay(tmp_path, "r/manifest.json", "r/outputs/x.mp4")
    assert list(walk(tmp_path).videos) == ["r/outputs/x"]


def test_a_folder_of_frames_is_a_video(tmp_path: Path) -> None:
    lay(tmp_path, "x.mp4", "take.1/frame_1.png", "take.1/frame_2.PNG", "take.1.wav", "deep/b/10.jpg", "deep/b/9.jpg")
    lay(tmp_path, "deep/b.m4a", "0.png", "art/cover.png", "art/1.png", "x/1.jpg", "mixed/y.mp4", "mixed/1.png")
    found = walk(tmp_path)
    assert set(found.videos) == {"x", "take.1", "deep/b", "mixed/y"}
    assert found.videos["take.1"] == tmp_path / "take.1"
    assert found.left_out == ("x: frames beside a video of the same name, which is read",)
    clips = {clip.id: clip for clip in FOLDER.clips(tmp_path, "test") if isinstance(clip, Clip)}
    assert clips["take.1"].video == Recording(tmp_path / "take.1")
    assert clips["take.1"].speech == Recording(tmp_path / "take.1.wav")
    assert clips["deep/b"].speech == Recording(tmp_path / "deep/b.m4a")
