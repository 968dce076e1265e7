"""GRID in both layouts, and real files as distributed."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncbench import media
from syncbench.clip import Word
from syncbench.dataset import Dataset
from syncbench.datasets.grid import GRID, sentence
from syncbench.errors import CommandError

ALIGN = (
    "0 1000 sil\n1000 2000 bin\n2000 3000 blue\n3000 4000 at\n4000 5000 f\n5000 5500 sp\n5500 7000 two\n7000 8000 now\n"
    "8000 14000 sil\n"
)
WORDS = ["bin", "blue", "at", "f", "two", "now"]


@pytest.fixture
def zenodo(put, tmp_path):
    put("s1/bbaf2n.mpg")
    put("s10/bbaf2n.mpg")
    put("s3/bbaf2n.mpg")
    for talker in ("s1", "s10", "s3"):
        put(f"alignments/{talker}/bbaf2n.align", ALIGN)
    return tmp_path


@pytest.fixture
def sheffield(put, tmp_path):
    put("s1/video/mpg_6000/bbaf2n.mpg")
    put("s1/video/mpg_vcd/bbaf2n.mpg")
    put("s1/align/bbaf2n.align", ALIGN)
    put("s2/video/bbaf2n.mpg")
    put("s2/align/BBAF2N.align", ALIGN)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bbaf2n", "bin blue at f two now"),
        ("LGWZZS", "lay green with z zero soon"),
        ("swiu9p", "set white in u nine please"),
        ("prbq1a", "place red by q one again"),
        ("bbaw2n", None),  # GRID has no w
        ("bbaf0n", None),
        ("bbaf2", None),
    ],
)
def test_names_spell_sentences(name, said):
    assert sentence(name) == said


def test_zenodo_layout(zenodo):
    assert isinstance(GRID, Dataset)
    assert [clip.id for clip in GRID.clips(zenodo, "all")] == ["s1/bbaf2n", "s3/bbaf2n", "s10/bbaf2n"]
    assert [clip.id for clip in GRID.clips(zenodo, "test")] == ["s1/bbaf2n"]
    clips = GRID.clips(zenodo, "train")
    assert [(clip.speaker, clip.group) for clip in clips] == [("s3", "s3"), ("s10", "s10")]
    assert [word.text for word in clips[0].words] == WORDS
    assert clips[0].words[4] == Word("two", 0.22, 0.28)
    assert clips[0].transcript == "bin blue at f two now"
    assert media.clip_frames(clips[0]).shape == (14, 32, 32, 3)
    assert media.clip_speech(clips[0]).shape == (14 * 640,)


def test_sheffield_layout(sheffield):
    clips = GRID.clips(sheffield, "test")
    assert [clip.id for clip in clips] == ["s1/bbaf2n", "s2/bbaf2n"]  # one of the two resolutions
    assert clips[0].video.path.parent.name == "mpg_6000"
    assert all([word.text for word in clip.words] == WORDS for clip in clips)


def test_the_name_is_the_transcript_without_align_file(sheffield):
    (sheffield / "s1/align/bbaf2n.align").unlink()
    clip = GRID.clips(sheffield, "test", limit=1)[0]
    assert (clip.transcript, clip.words) == ("bin blue at f two now", ())


def test_problems(sheffield, put):
    assert list(GRID.problems(sheffield)) == []
    put("s1/align/bbaf2n.align", ALIGN.replace("blue", "red"))
    put("s2/video/bbaf3n.mpg")
    put("s2/align/bbaf3n.align", "0 sil")
    put("s2/video/hello.mpg")
    (sheffield / "s21").mkdir()
    found = [f"{Path(p.path).relative_to(sheffield)}: {p.what}" for p in GRID.problems(sheffield)]
    assert found == [
        "s1/align/bbaf2n.align: says 'bin red at f two now', the file's name 'bin blue at f two now'",
        "s2/align/bbaf3n.align:1: '0 sil' is not 'START END word' in 1/25,000 s",
        "s2/video/hello.mpg: its name spells no GRID sentence",
        "s2/align/hello.align: no such file",
        "s21: no videos",
    ]


def test_a_folder_of_something_else(tmp_path):
    with pytest.raises(CommandError, match="no folder s1, s2"):
        GRID.clips(tmp_path, "test")


def test_real_files(shared):
    root = Path(shared) / "data/grid"
    clips = GRID.clips(root, "test")
    assert len(clips) == 40
    assert all(
        clip.transcript == sentence(clip.video.path.stem) == " ".join(w.text for w in clip.words) for clip in clips
    )
    assert not list(GRID.problems(root))
