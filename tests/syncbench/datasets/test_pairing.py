"""One clip's face with another clip's speech."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncbench import media
from syncbench.clip import Clip, Recording, Word
from syncbench.dataset import Unusable
from syncbench.datasets.lrs2 import LRS2
from syncbench.datasets.pairing import crossed, derangement, driven, paired, read_pairs
from syncbench.errors import CommandError


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Three clips of 20, 12 and 20 frames; clip n is of grey level 50 n and its speech is all n / 10."""
    folder = tmp_path_factory.mktemp("pairs")
    result = []
    for n, (name, count) in enumerate([("a", 20), ("b", 12), ("c", 20)], 1):
        frames = np.full((count, 16, 16, 3), 50 * n, np.uint8)
        file = Recording(media.write_lossless(folder / f"{name}.mkv", frames, np.full(count * 640, n / 10, np.float32)))
        words = (Word("one", 0, 0.2), Word("two", 0.6, 0.7)) if name == "a" else ()
        result.append(Clip(f"v/{name}", file, file, group=f"g{n}", transcript=f"one two {name}", words=words))
    return result


def test_a_face_with_another_speech(clips):
    a, _, c = clips
    both = driven(a, c)
    assert (both.id, both.group, both.transcript, both.real) == ("v/a+v/c", "g1", "one two c", False)
    assert (media.clip_frames(both) == 50).all()
    np.testing.assert_allclose(media.clip_speech(both), 0.3)
    assert len(media.clip_speech(both)) == 20 * 640


def test_as_long_as_the_shorter(clips):
    a, b, _ = clips
    for both in (driven(a, b), driven(b, a)):
        assert len(media.clip_frames(both)) == 12
        assert len(media.clip_speech(both)) == 12 * 640
    np.testing.assert_allclose(media.clip_speech(driven(b, a)), 0.1)


def test_words_that_are_cut_off_are_not_claimed(clips):
    a, b, c = clips
    assert driven(b, a).words == (Word("one", 0, 0.2),)
    assert driven(b, a).transcript == "one"
    assert driven(b, c).transcript is None  # 8 of 20 frames are cut off and nobody knows which words go
    assert driven(c, a).transcript == "one two a"


def test_spans_are_kept(clips):
    a, _, c = clips
    face = dataclasses.replace(a, video=Recording(a.video.path, 0.2, 0.6), speech=Recording(a.speech.path, 0.2, 0.6))
    voice = dataclasses.replace(c, video=Recording(c.video.path, 0.4), speech=Recording(c.speech.path, 0.4))
    both = driven(face, voice)
    assert (both.video.path, both.speech.path) == (a.video.path, c.speech.path)
    assert (both.video.start, both.video.end) == (0.2, pytest.approx(0.6))
    assert (both.speech.start, both.speech.end) == (0.4, pytest.approx(0.8))
    assert len(media.clip_frames(both)) == 10
    assert len(media.clip_speech(both)) == 10 * 640


def test_a_clip_with_itself_is_its_own_reference(clips):
    assert driven(clips[0], clips[0]) is clips[0]


def test_what_belongs_to_the_face_alone_is_left_out(clips):
    marked = dataclasses.replace(clips[0], extras={"landmarks": Path("l.npz")})
    assert driven(marked, clips[1]).extras == {}


def test_a_pair_that_cannot_be_opened_keeps_its_row(clips, tmp_path):
    missing = Recording(tmp_path / "gone.mp4")
    gone = Clip("gone", missing, missing)
    pair = driven(clips[0], gone)
    assert isinstance(pair, Unusable)
    assert "no such file" in pair.reason
    assert isinstance(driven(Clip("voice", speech=Recording(tmp_path / "a.wav")), clips[0]), Unusable)


def test_pairs_files(tmp_path, clips):
    path = tmp_path / "pairs.txt"
    path.write_text("\ufeff# speech face\nv/b v/a\n\nv/c\tv/c\nv/a.wav   v/b.mp4\nv/a nobody\n", encoding="utf-8")
    pairs = read_pairs(path)
    assert pairs == [("v/b", "v/a"), ("v/c", "v/c"), ("v/a.wav", "v/b.mp4"), ("v/a", "nobody")]
    result = paired(clips, pairs)
    assert [clip.id for clip in result] == ["v/a+v/b", "v/c", "v/b+v/a", "nobody+v/a"]
    assert isinstance(result[3], Unusable)
    assert "'nobody'" in result[3].reason


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\n", r"pairs\.txt:1: needs two columns"),
        ("a b c\n", "needs two columns"),
        ("", "holds no pair"),
        (None, "no such file"),
    ],
)
def test_pairs_files_that_are_none(tmp_path, content, message):
    path = tmp_path / "pairs.txt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CommandError, match=message):
        read_pairs(path)


@given(st.lists(st.sampled_from("abcdef"), min_size=2, max_size=40), st.integers(0, 99))
def test_nobody_gets_his_own_speech_nor_where_possible_his_own_words(transcripts, seed):
    order = derangement(transcripts, seed)
    assert sorted(order) == list(range(len(transcripts)))
    assert all(place != voice for place, voice in enumerate(order))
    same = sum(transcripts[place] == transcripts[voice] for place, voice in enumerate(order))
    most = max(transcripts.count(text) for text in transcripts)
    if most * 2 <= len(transcripts):
        assert same == 0
    assert order == derangement(transcripts, seed)


def test_seeds_differ_and_unknown_words_do_not_clash():
    assert derangement([None] * 20, 0) != derangement([None] * 20, 1)


def test_crossed(clips):
    result = crossed(clips, seed=3)
    assert [clip.id.partition("+")[0] for clip in result] == ["v/a", "v/b", "v/c"]
    assert all(not clip.real for clip in result)
    with pytest.raises(CommandError, match="at least two"):
        crossed(clips[:1])


def test_real_clips_crossed(lrs2_grid):
    clips = LRS2.clips(lrs2_grid, "test")
    result = crossed(clips, seed=0)
    assert len({clip.id for clip in result}) == 8
    assert all(clip.transcript != own.transcript for clip, own in zip(result, clips, strict=True))
    assert len(media.clip_speech(result[0])) == len(media.clip_frames(result[0])) * 640
