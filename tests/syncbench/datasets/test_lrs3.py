"""LRS3's layout: folders instead of lists."""

from __future__ import annotations

import pytest

from syncbench import media
from syncbench.clip import Clip, Word
from syncbench.dataset import Dataset, Unusable
from syncbench.datasets.lrs3 import LRS3
from syncbench.errors import CommandError

TEXT = (
    "Text:  SO I'M {LG} HERE\nConf:  4\nRef:  {0}\n\nFRAME \tX \tY \tW \tH \n000000 \t0.41 \t0.2 \t0.14 \t0.25 \n\n"
    "WORD START END ASDSCORE\nSO 0.0 0.1 2\nI'M 0.1 0.2 2\nHERE 0.2 0.5 3\n"
)


@pytest.fixture
def tree(put, tmp_path):
    for split, talk, clip in [
        ("test", "0Fi83BHQsMA", "00002"),
        ("test", "0Fi83BHQsMA", "00004"),
        ("test", "-bx8Xr3Bz0U", "00001"),
        ("trainval", "00j9bKdiOjk", "50001"),
        ("pretrain", "00j9bKdiOjk", "00001"),
    ]:
        put(f"{split}/{talk}/{clip}.mp4")
        put(f"{split}/{talk}/{clip}.txt", TEXT)
    put("test/0Fi83BHQsMA/00004.txt", TEXT.partition("WORD")[0])  # some files lack the word table
    return tmp_path


def test_clips_by_talk(tree):
    assert isinstance(LRS3, Dataset)
    clips = LRS3.clips(tree, "test")
    assert [clip.id for clip in clips] == ["-bx8Xr3Bz0U/00001", "0Fi83BHQsMA/00002", "0Fi83BHQsMA/00004"]
    assert [clip.group for clip in clips] == ["-bx8Xr3Bz0U", "0Fi83BHQsMA", "0Fi83BHQsMA"]
    assert clips[1].transcript == clips[2].transcript == "SO I'M HERE"
    assert clips[1].words[1] == Word("I'M", 0.1, 0.2)
    assert clips[2].words == ()
    assert media.clip_frames(clips[0]).shape == (14, 32, 32, 3)
    assert len(LRS3.clips(tree, "test", limit=2)) == 2


def test_the_validation_list(tree, put):
    with pytest.raises(CommandError, match=r"lrs3-valid\.id: no such file; the split 'valid' is AV-HuBERT's list"):
        LRS3.clips(tree, "valid")
    put("lrs3-valid.id", "trainval/00j9bKdiOjk/50001\ntrainval/gone/50001\n")
    clips = LRS3.clips(tree, "valid")
    assert isinstance(clips[0], Clip)
    assert clips[1] == Unusable("gone/50001", "lrs3-valid.id lists it, but trainval/gone/50001.mp4 is not there")


def test_a_folder_of_something_else(tmp_path):
    with pytest.raises(CommandError, match="give the folder that holds pretrain, trainval and test"):
        LRS3.clips(tmp_path, "test")


def test_problems(tree, put):
    assert list(LRS3.problems(tree)) == []
    put("test/0Fi83BHQsMA/00002.txt", "")
    put("test/0Fi83BHQsMA/00004.mp4", b"")
    put("test/0Fi83BHQsMA/00009.txt", TEXT)
    found = {p.path.rsplit("/", 1)[1]: p.what for p in LRS3.problems(tree)}
    assert found == {
        "00002.txt": "has no 'Text:' line",
        "00004.mp4": "the file is empty (0 bytes)",
        "00009.txt": "a transcript without its video",
    }
