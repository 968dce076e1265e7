"""LRW's layout: a folder for each word, the word in the middle of the clip."""

from __future__ import annotations

import pytest

from syncbench.dataset import Dataset
from syncbench.datasets.lrw import LRW, read_duration
from syncbench.errors import ClipError, CommandError

TEXT = (
    "Disk reference: 5874306000000000000\nChannel: BBC1\nProgram start: 1.1\nClip start: 2.2\nDuration: 0.49 seconds\n"
)


@pytest.fixture
def tree(put, tmp_path):
    for word in ("ABSOLUTELY", "ABOUT"):
        for split in ("train", "val", "test"):
            for number in (2, 1):
                put(f"lipread_mp4/{word}/{split}/{word}_0000{number}.mp4")
                put(f"lipread_mp4/{word}/{split}/{word}_0000{number}.txt", TEXT)
    return tmp_path


@pytest.mark.parametrize("below", ["", "lipread_mp4"])
def test_clips_by_word(tree, below):
    assert isinstance(LRW, Dataset)
    clips = LRW.clips(tree / below, "test", limit=3)
    assert [clip.id for clip in clips] == [
        "ABOUT/test/ABOUT_00001",
        "ABOUT/test/ABOUT_00002",
        "ABSOLUTELY/test/ABSOLUTELY_00001",
    ]
    assert [clip.transcript for clip in clips] == ["ABOUT", "ABOUT", "ABSOLUTELY"]
    (word,) = clips[0].words
    assert (word.start + word.end) / 2 == pytest.approx(0.58)  # the middle of 29 frames
    assert word.end - word.start == pytest.approx(0.49)


def test_the_duration_is_found_by_its_key(put):
    assert read_duration(put("a.txt", "Duration: 0.31 seconds\n")) == 0.31
    for text in ("", "Clip start: 3\n", "Duration: long\n", "Duration: nan\n", "Duration: -1 seconds\n"):
        with pytest.raises(ClipError, match=r"write 'Duration: 0\.49 seconds'"):
            read_duration(put("b.txt", text))


def test_a_clip_lives_without_its_text(tree):
    (tree / "lipread_mp4/ABOUT/test/ABOUT_00001.txt").unlink()
    clip = LRW.clips(tree, "test", limit=1)[0]
    assert (clip.transcript, clip.words) == ("ABOUT", ())


def test_problems(tree, put):
    assert [p.what for p in LRW.problems(tree)] == ["2 words, not 500"]
    put("lipread_mp4/ABOUT/val/ABOUT_00001.mp4", "no video")
    put("lipread_mp4/ABOUT/val/ABOUT_00002.txt", "")
    (tree / "lipread_mp4/ABOUT/train/ABOUT_00001.mp4").rename(tree / "lipread_mp4/ABOUT/train/ABSOLUTELY_00001.mp4")
    found = [f"{p.path.rsplit('/', 1)[1]}: {p.what}" for p in LRW.problems(tree)]
    assert any(line.startswith("ABOUT_00001.mp4: not a readable media file") for line in found)
    assert "ABOUT_00002.txt: has no 'Duration:' line" in found
    assert "ABSOLUTELY_00001.mp4: its name does not begin with 'ABOUT_'" in found


def test_a_folder_of_something_else(tmp_path):
    with pytest.raises(CommandError, match="give the folder that holds lipread_mp4"):
        LRW.clips(tmp_path, "test")
