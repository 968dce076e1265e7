"""HDTF: clips by name, lists with a byte-order mark, no transcripts."""

from __future__ import annotations

import pytest

from syncbench import media
from syncbench.dataset import Dataset, Unusable
from syncbench.datasets.hdtf import HDTF
from syncbench.errors import CommandError


@pytest.fixture
def tree(put, tmp_path):
    for name in ("RD_Radio10_0", "WDA_AdamSchiff_000_0", "WDA_AdamSchiff_000_1"):
        put(f"{name}.mp4")
    return tmp_path


def test_clips_of_one_source_are_a_group(tree):
    assert isinstance(HDTF, Dataset)
    clips = HDTF.clips(tree, "test")
    assert [clip.id for clip in clips] == ["RD_Radio10_0", "WDA_AdamSchiff_000_0", "WDA_AdamSchiff_000_1"]
    assert [clip.group for clip in clips] == ["RD_Radio10", "WDA_AdamSchiff_000", "WDA_AdamSchiff_000"]
    assert [clip.transcript for clip in clips] == [None] * 3
    assert media.clip_speech(clips[0]).shape == (14 * 640,)
    assert [clip.id for clip in HDTF.clips(tree, "RD")] == ["RD_Radio10_0"]
    assert len(HDTF.clips(tree, "test", limit=2)) == 2


def test_folders_for_the_parts(put, tmp_path):
    put("WRA/WRA_Someone_0.mp4")
    put("RD/RD_Radio1_0.mp4")
    assert [clip.id for clip in HDTF.clips(tmp_path, "test")] == ["RD_Radio1_0", "WRA_Someone_0"]


def test_what_the_lists_name_keeps_its_row(tree, put):
    put("HDTF_dataset/WDA_crop_wh.txt", "\ufeffWDA_AdamSchiff_000_0.mp4 1 2 3 4\nWDA_Gone_000_0.mp4 1 2 3 4\n")
    clips = HDTF.clips(tree, "WDA")
    assert clips[-1] == Unusable("WDA_Gone_000_0", "HDTF's lists name it, but WDA_Gone_000_0.mp4 is not there")
    assert len(clips) == 3
    assert [p.what for p in HDTF.problems(tree)] == ["no such file"]


def test_problems(tree, put, tmp_path):
    assert list(HDTF.problems(tree)) == []
    put("RD_Radio10_0.mp4", b"not a video")
    put("RD_crop_wh.txt", "RD_Radio10 1 2 3 4\n")
    found = [p.what for p in HDTF.problems(tree)]
    assert found[0] == "'RD_Radio10' is not <Name>_<clip>.mp4"
    assert found[1].startswith("not a readable media file")
    with pytest.raises(CommandError, match="fetch the videos and cut them"):
        HDTF.clips(tree / "nothing", "test")
