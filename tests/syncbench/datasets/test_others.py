"""Layouts of the further recognition and talking-face datasets."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from syncbench import media
from syncbench.clip import Clip, Recording, Word
from syncbench.dataset import Dataset, Unusable
from syncbench.datasets.cmlr import CMLR
from syncbench.datasets.lrs_voxmm import LRS_VOXMM
from syncbench.datasets.mead import MEAD
from syncbench.datasets.muavic import MUAVIC
from syncbench.datasets.tcd_timit import TCD_TIMIT
from syncbench.datasets.voxceleb2 import VOXCELEB2
from syncbench.datasets.wildvsr import WILDVSR
from syncbench.errors import CommandError

ALL = [LRS_VOXMM, MUAVIC, TCD_TIMIT, WILDVSR, CMLR, MEAD, VOXCELEB2]


def ids(clips):
    return [clip.id for clip in clips]


def found(dataset, root):
    return [f"{Path(p.path).relative_to(root)}: {p.what}" for p in dataset.problems(root)]


@pytest.mark.parametrize("dataset", ALL, ids=lambda d: d.name)
def test_they_are_datasets_and_say_what_is_not_there(dataset, tmp_path):
    assert isinstance(dataset, Dataset)
    with pytest.raises(CommandError, match=str(tmp_path)):
        dataset.clips(tmp_path, dataset.splits[0])
    problems = list(dataset.problems(tmp_path))
    assert problems
    assert all(p.path.startswith(str(tmp_path)) and "\n" not in p.what for p in problems)


def test_lrs_voxmm(put, tmp_path):
    for part, video in (("test", "abc"), ("test", "abd"), ("train", "xyz")):
        put(f"lrs-voxmm/original/{part}/{video}/00001.mp4")
        put(f"lrs-voxmm/original/{part}/{video}/00001.wav")
        put(f"lrs-voxmm/original/{part}/{video}/00001.txt", "Text  UM YES Conf: 3\n")
    put(
        "lrs-voxmm/original/test/abd/00001.txt",
        "Text: TWO WORDS\nConf: 4.1\n\nWORD START END\nTWO 0.1 0.2\nWORDS 0.2 0.4\n",
    )
    put("lrs-voxmm/noise-hard/test/abc/00001.wav")
    for root in (tmp_path, tmp_path / "lrs-voxmm"):
        assert ids(LRS_VOXMM.clips(root, "test")) == ["abc/00001", "abd/00001"]
    abc, abd = LRS_VOXMM.clips(tmp_path, "test")
    assert (abc.transcript, abc.group, abc.speech.path.name) == ("UM YES", "abc", "00001.wav")
    assert abd.words == (Word("TWO", 0.1, 0.2), Word("WORDS", 0.2, 0.4))
    assert media.clip_speech(abc).shape == (14 * 640,)
    noisy, lost = LRS_VOXMM.clips(tmp_path, "test-noise-hard")
    assert noisy.speech == Recording(tmp_path / "lrs-voxmm/noise-hard/test/abc/00001.wav")
    assert noisy.transcript == "UM YES"
    assert lost == Unusable("abd/00001", "noise-hard has no test/abd/00001.wav")
    with pytest.raises(CommandError, match="fetch the distorted speech of 'combined-easy'"):
        LRS_VOXMM.clips(tmp_path, "test-combined-easy")
    assert found(LRS_VOXMM, tmp_path) == [
        "lrs-voxmm/noise-hard/test/abd/00001.wav: no such file",
        "lrs-voxmm/noise-hard/train/xyz/00001.wav: no such file",
    ]


def test_muavic(put, tmp_path):
    for segment in ("0001", "0002"):
        put(f"es/video/test/talk1/talk1_{segment}.mp4")
        put(f"es/audio/test/talk1/talk1_{segment}.wav")
    rows = ["/"]
    for n, frames in (("0001", 14), ("0002", 14), ("0003", -1)):
        names = f"/data/muavic/es/video/test/talk1/talk1_{n}.mp4\t/data/muavic/es/audio/test/talk1/talk1_{n}.wav"
        rows.append(f"talk1_{n}\t{names}\t{frames}\t8960")
    put("es/test.tsv", "\n".join(rows) + "\n")
    put("es/test.es", "¿Qué hora es?\nson las {NS} dos\nnada\n")
    clips = MUAVIC.clips(tmp_path, "es-test")
    assert ids(clips) == ["talk1_0001", "talk1_0002", "talk1_0003"]
    assert [getattr(clip, "transcript", "") for clip in clips] == ["¿Qué hora es?", "son las dos", ""]
    assert clips[0].group == "talk1"
    assert media.clip_frames(clips[0]).shape == (14, 32, 32, 3)
    assert clips[0].speech == Recording(tmp_path / "es/audio/test/talk1/talk1_0001.wav")
    assert clips[2].reason == "its manifest says that the video could not be made (-1)"
    assert len(MUAVIC.clips(tmp_path, "es-test", limit=1)) == 1

    (tmp_path / "es/test.es").unlink()
    put("es/test.wrd", "one\ntwo\n")  # AV-HuBERT's name, and a line short
    assert MUAVIC.clips(tmp_path, "es-test")[1].transcript == "two"
    assert found(MUAVIC, tmp_path) == [
        "es/test.es: 2 transcripts for 3 clips",
        "es/test.tsv: talk1_0003: its manifest says that the video could not be made (-1)",
    ]
    put("es/test.tsv", "/\nbroken row\n")
    with pytest.raises(CommandError, match=r"test\.tsv:2: needs five columns"):
        MUAVIC.clips(tmp_path, "es-test")


def test_tcd_timit(put, tmp_path):
    for folder in ("volunteers/01M", "volunteers/02F", "lipspeakers/Lipspkr1"):
        for camera in ("straightcam", "30degcam"):
            put(f"{folder}/Clips/{camera}/sa1.mp4")
            put(f"{folder}/Clips/{camera}/sa1.wav")
            put(f"{folder}/Clips/{camera}/sa1.txt", "0 61748 She had your dark suit.\n")
    put("test.scp", "volunteers/02F/Clips/straightcam/sa1.mp4\nvolunteers/03F/Clips/straightcam/sx1.mp4\n")
    first, second = TCD_TIMIT.clips(tmp_path, "test")
    assert (first.id, first.speaker, first.group) == ("02F/straightcam/sa1", "02F", "02F")
    assert first.transcript == "She had your dark suit."
    assert first.speech.path.name == "sa1.wav"
    assert "volunteers/03F/Clips/straightcam/sx1.mp4, which is not there" in second.reason
    assert ids(TCD_TIMIT.clips(tmp_path, "volunteers")) == ["01M/straightcam/sa1", "02F/straightcam/sa1"]
    assert ids(TCD_TIMIT.clips(tmp_path, "lipspeakers-30deg")) == ["Lipspkr1/30degcam/sa1"]
    with pytest.raises(CommandError, match="put the published list you want there under this name"):
        TCD_TIMIT.clips(tmp_path, "train")
    put("volunteers/01M/Clips/straightcam/sa1.txt", "\n")
    lines = found(TCD_TIMIT, tmp_path)
    assert "volunteers/01M/Clips/straightcam/sa1.txt: the transcript is empty" in lines
    assert "volunteers/01M/Clips/straightcam/sa1.mp4: 25.000 frames per second, not 29.97" in lines
    assert lines[-1].startswith("test.scp: test.scp lists volunteers/03F")


@pytest.mark.parametrize("below", ["", "WildVSR/"])
def test_wildvsr(put, tmp_path, tiny, below):
    put(f"{below}videos/00001.mp4", tiny["mute"].read_bytes())
    put(f"{below}videos/00002.mp4", tiny["mute"].read_bytes())
    put(f"{below}videos/00003.mp4", tiny["mute"].read_bytes())
    put(f"{below}labels.json", json.dumps({"00002.mp4": "TWO", "00001": "ONE", "00009.mp4": "GONE"}))
    clips = WILDVSR.clips(tmp_path, "test")
    assert ids(clips) == ["00002", "00001", "00009"]
    assert [clip.transcript for clip in clips[:2]] == ["TWO", "ONE"]
    assert media.clip_frames(clips[0]).shape == (14, 32, 32, 3)
    assert isinstance(clips[2], Unusable)
    assert found(WILDVSR, tmp_path) == [
        f"{below}videos/00009.mp4: no such file",
        f"{below}videos/00003.mp4: labels.json has no text for it",
    ]
    put(f"{below}labels.json", "{")
    with pytest.raises(CommandError, match=r"labels\.json:1: is not JSON"):
        WILDVSR.clips(tmp_path, "test")


def test_cmlr(put, tmp_path):
    names = ["s1/20110304/section_4_002.92_004.59", "s4/20110304/section_1_000.00_001.50"]
    for name in names:
        put(f"video/{name}.mp4")
        put(f"audio/{name}.wav")
        put(f"text/{name}.txt", "中国 人民\n中国 0.00 0.30\n人民 0.30 0.55\n")
    put("test.csv", f"{names[1]}\ns9/20110304/section_1_000.00_001.50\n")
    first, lost = CMLR.clips(tmp_path, "test")
    assert (first.id, first.speaker, first.transcript) == (names[1], "s4", "中国人民")
    assert first.words == (Word("中国", 0.0, 0.3), Word("人民", 0.3, 0.55))
    assert media.clip_speech(first).shape == (14 * 640,)
    assert isinstance(lost, Unusable)
    assert ids(CMLR.clips(tmp_path, "all")) == names
    put(f"text/{names[0]}.txt", "hello\n")
    lines = found(CMLR, tmp_path)
    assert lines[0] == f"text/{names[0]}.txt: the transcript holds 'e h l o'"
    assert lines[1].startswith("test.csv: s9/20110304")
    assert lines[2:] == ["val.csv: no such file", "train.csv: no such file"]


def test_mead(put, tmp_path):
    put("M003/video/front/angry/level_3/001.mp4")
    put("M003/video/front/angry/level_3/002.mp4")
    put("M003/video/left_30/angry/level_3/001.mp4")
    put("M003/audio/angry/level_3/001.m4a", (put("x.mp4")).read_bytes())
    put("W009/front/neutral/level_1/W009_front_neutral_level_1_007.mp4")
    (tmp_path / "W021").mkdir()
    clips = MEAD.clips(tmp_path, "test")
    assert ids(clips) == [
        "M003/front/angry/level_3/001",
        "M003/front/angry/level_3/002",
        "W009/front/neutral/level_1/007",
    ]
    assert [clip.speaker for clip in clips] == ["M003", "M003", "W009"]
    assert clips[0].speech == Recording(tmp_path / "M003/audio/angry/level_3/001.m4a")
    assert clips[1].speech == clips[1].video
    assert ids(MEAD.clips(tmp_path, "left_30")) == ["M003/left_30/angry/level_3/001"]
    put("M003/video/top/bored/level_1/001.mp4", b"")
    lines = found(MEAD, tmp_path)
    assert "M003/video/top/bored/level_1/001.mp4: the file is empty (0 bytes)" in lines
    assert "M003/video/top/bored/level_1/001.mp4: 'bored' is none of MEAD's emotions" in lines
    assert lines[-1] == "W021: no videos"


@pytest.mark.parametrize("packed", [False, True])
def test_voxceleb2(put, tmp_path, tiny, packed):
    put("test/mp4/id00017/01dfn2spqyE/00001.mp4", tiny["mute"].read_bytes())
    put("test/aac/id00017/01dfn2spqyE/00001.m4a", tiny["mp4"].read_bytes())
    put("dev/mp4/id00012/21Uxsk56VDQ/00001.mp4")
    put("dev/mp4/id00012/21Uxsk56VDQ/00002.mp4", tiny["mute"].read_bytes())
    listed = "dev/mp4/id00012/21Uxsk56VDQ/00001\ndev/mp4/id00099/xxxxxxxxxxx/00001\n"
    put(*(("vox-en.id.gz", gzip.compress(listed.encode())) if packed else ("vox-en.id", listed)))
    (clip,) = VOXCELEB2.clips(tmp_path, "test")
    assert (clip.id, clip.speaker, clip.group) == ("id00017/01dfn2spqyE/00001", "id00017", "id00017")
    assert media.clip_speech(clip).any()
    english = VOXCELEB2.clips(tmp_path, "english")
    assert ids(english) == ["id00012/21Uxsk56VDQ/00001", "id00099/xxxxxxxxxxx/00001"]
    assert isinstance(english[0], Clip)
    assert isinstance(english[1], Unusable)
    assert found(VOXCELEB2, tmp_path) == [
        "dev/mp4/id00012/21Uxsk56VDQ/00002.mp4: no audio stream",
        "vox-en.id: id00099/xxxxxxxxxxx/00001: the list of English clips names dev/mp4/id00099/xxxxxxxxxxx/00001,"
        " which is not there",
    ]
