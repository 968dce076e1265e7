"""LRS2's layout, and the real GRID clips that lie in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench import media
from syncbench.clip import Clip, Word
from syncbench.dataset import Dataset, Unusable
from syncbench.datasets.lrs2 import LRS2
from syncbench.errors import CommandError

VIDEO = "5535415699068794046"


@pytest.fixture
def tree(put, tmp_path):
    for number, text in enumerate(["HELLO {NS} THERE", "IT'S 10 O'CLOCK", "LAST ONE"], 1):
        put(f"mvlrs_v1/main/{VIDEO}/0000{number}.mp4")
        put(f"mvlrs_v1/main/{VIDEO}/0000{number}.txt", f"Text:  {text}\nConf:  4\n")
    put("mvlrs_v1/pretrain/6330311066473698535/00001.mp4")
    put(
        "mvlrs_v1/pretrain/6330311066473698535/00001.txt",
        "Text:  A LONG\nConf:  4\n\nWORD START END ASDSCORE\nA 0.0 0.2 3.1\nLONG 0.2 0.5 2.9\n",
    )
    put("test.txt", f"{VIDEO}/00001 NF\n{VIDEO}/00002 MV\n")  # test.txt carries tags
    put("val.txt", f"{VIDEO}/00003\n")
    put("train.txt", "")
    put("pretrain.txt", "6330311066473698535/00001\n")
    return tmp_path


def test_it_is_a_dataset():
    assert isinstance(LRS2, Dataset)
    assert LRS2.splits[0] == "test"


@pytest.mark.parametrize("below", ["", "mvlrs_v1"])
def test_clips_in_the_order_of_the_list(tree, below):
    clips = LRS2.clips(tree / below, "test")
    assert [clip.id for clip in clips] == [f"{VIDEO}/00001", f"{VIDEO}/00002"]
    first = clips[0]
    assert isinstance(first, Clip)
    assert (first.transcript, first.words, first.group) == ("HELLO THERE", (), VIDEO)
    assert media.clip_frames(first).shape == (14, 32, 32, 3)
    assert media.clip_speech(first).shape == (14 * 640,)


def test_lists_may_stand_inside(tree):
    for name in ("test", "val", "train"):
        (tree / f"{name}.txt").rename(tree / "mvlrs_v1" / f"{name}.txt")
    assert [clip.id for clip in LRS2.clips(tree, "val")] == [f"{VIDEO}/00003"]
    assert [clip.id for clip in LRS2.clips(tree / "mvlrs_v1", "val")] == [f"{VIDEO}/00003"]


def test_pretrain_has_word_times(tree):
    (clip,) = LRS2.clips(tree, "pretrain")
    assert clip.words == (Word("A", 0.0, 0.2), Word("LONG", 0.2, 0.5))


def test_word_times_and_landmarks_beside_the_lists(tree, put):
    put(f"align/{VIDEO}/00001.align", "0 2500 sil\n2500 5000 hello\n5000 9000 there\n9000 14000 sil\n")
    np.savez(tree / "landmarks68.npz", **{"00001": np.zeros((14, 68, 2), np.int16)})
    clip = LRS2.clips(tree, "test")[0]
    assert clip.words == (Word("HELLO", 0.1, 0.2), Word("THERE", 0.2, 0.36))
    assert clip.extras == {"landmarks": tree / "landmarks68.npz"}


def test_a_listed_clip_that_is_not_there_keeps_its_row(tree, put):
    put("test.txt", f"{VIDEO}/00001\n{VIDEO}/00099 NF\n")
    clips = LRS2.clips(tree, "test")
    assert [clip.id for clip in clips] == [f"{VIDEO}/00001", f"{VIDEO}/00099"]
    assert isinstance(clips[1], Unusable)
    assert f"main/{VIDEO}/00099.mp4 is not there" in clips[1].reason


def test_other_spellings_of_names(tree, put):
    (tree / "test.txt").unlink()
    put("Test.TXT", f"main/{VIDEO}/00001.mp4\n")
    video = tree / f"mvlrs_v1/main/{VIDEO}/00001.mp4"
    video.rename(video.with_suffix(".MP4"))
    assert [clip.id for clip in LRS2.clips(tree, "test")] == [f"{VIDEO}/00001"]
    assert isinstance(LRS2.clips(tree, "test")[0], Clip)


def test_a_missing_or_malformed_transcript_is_none(tree):
    (tree / f"mvlrs_v1/main/{VIDEO}/00001.txt").unlink()
    (tree / f"mvlrs_v1/main/{VIDEO}/00002.txt").write_bytes(b"\xff")
    assert [clip.transcript for clip in LRS2.clips(tree, "test")] == [None, None]


def test_a_limit_reads_no_further(tree, put):
    put("test.txt", f"{VIDEO}/00001\n" + "".join(f"gone/{n}\n" for n in range(1000)))
    assert [clip.id for clip in LRS2.clips(tree, "test", limit=1)] == [f"{VIDEO}/00001"]


def test_a_folder_of_something_else(tmp_path, tree):
    with pytest.raises(CommandError, match=r"no mvlrs_v1/main there; give the folder"):
        LRS2.clips(tmp_path / "mvlrs_v1" / "main", "test")
    (tree / "val.txt").unlink()
    with pytest.raises(CommandError, match=r"val\.txt: no such list"):
        LRS2.clips(tree, "val")


def test_problems_name_every_file(tree, put, tiny):
    assert list(LRS2.problems(tree)) == []
    put("train.txt", f"{VIDEO}/00001\n{VIDEO}/00042\n{VIDEO}/00042\n")
    put(f"mvlrs_v1/main/{VIDEO}/00001.txt", "Conf: 4\n")
    put(f"mvlrs_v1/main/{VIDEO}/00002.txt", "Text:  lower CASE\nConf: 4\n")
    put(f"mvlrs_v1/main/{VIDEO}/00003.mp4", tiny["mute"].read_bytes())
    put("mvlrs_v1/pretrain/6330311066473698535/00001.mp4", tiny["mp4"].read_bytes()[:2000])
    (tree / "val.txt").rename(tree / "valid.txt")
    put("test.txt", f"{VIDEO}/00001\n{VIDEO}/00002\n{VIDEO}/00003\n")
    found = [f"{Path(p.path).relative_to(tree)}: {p.what}" for p in LRS2.problems(tree)]
    for expected in [
        f"train.txt: lists '{VIDEO}/00042' 2 times",
        f"train.txt: lists '{VIDEO}/00001', which test.txt lists too",
        f"mvlrs_v1/main/{VIDEO}/00042.mp4: no such file",
        f"mvlrs_v1/main/{VIDEO}/00001.txt: has no 'Text:' line",
        f"mvlrs_v1/main/{VIDEO}/00002.txt: the transcript holds 'e l o r w'",
        f"mvlrs_v1/main/{VIDEO}/00003.mp4: no audio stream",
        "mvlrs_v1/pretrain/6330311066473698535/00001.mp4: not a readable media file",
        "val.txt: no such list",
    ]:
        assert any(line.startswith(expected) for line in found), (expected, found)
    assert all(p.advice for p in LRS2.problems(tree))


def test_real_clips(lrs2_grid):
    root = lrs2_grid
    for split, count in {"train": 5, "val": 1, "test": 8}.items():
        clips = LRS2.clips(root, split)
        assert len(clips) == count
        assert all(isinstance(clip, Clip) and clip.transcript and len(clip.words) == 6 for clip in clips)
        assert all(" ".join(word.text for word in clip.words) == clip.transcript for clip in clips)
    with np.load(clips[0].extras["landmarks"]) as landmarks:
        assert all(clip.video.path.stem in landmarks.files for clip in clips)
    assert {clip.group for clip in clips} == {"s1"}
    assert media.clip_frames(clips[0]).shape == (75, 160, 160, 3)
    assert not [p for p in LRS2.problems(root) if "pretrain" not in p.path]
