"""What in a folder is a video, under which id, and what is left out and said to be."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from syncbench.baselines.precomputed.videos import Videos
from syncbench.clip import Clip
from syncbench.datasets.folder import FOLDER
from syncbench.datasets.walk import walk
from syncbench.options import Options
from syncbench.system import Setup

PHONE = ("IMG_0001.MOV", "VID_2.MP4", "clip3.m4v", "take4.mkv", "take4.mp4", "deep/er/x.WebM")
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
        "IMG_0001", "VID_2", "clip3", "take4.mkv", "take4.mp4", composed, "deep/er/x"
    }  # fmt: skip
    answers = Videos(Setup(Options(), str(tmp_path)), "folder")
    for clip in clips:
        assert clip.video is not None
        assert answers.source(clip) == clip.video.path


@pytest.mark.parametrize("name", ["a.3gp", "b.TS", "c.gif", "d.flv", "e.wmv", "deep/f.ogv"])
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
