"""A folder of any videos, with what may lie beside them."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from syncbench import media
from syncbench.clip import Clip, Recording, Word
from syncbench.dataset import Dataset, Unusable
from syncbench.datasets.folder import FOLDER
from syncbench.errors import CommandError


def test_any_videos_in_any_depth(put, tmp_path):
    assert isinstance(FOLDER, Dataset)
    for name in ("b.mp4", "a.mkv", "deep/er/c.MPG", "deep/d.mp4", ".hidden.mp4", "notes.doc"):
        put(name, "x" if name.endswith("doc") else None)
    clips = FOLDER.clips(tmp_path, "test")
    assert [clip.id for clip in clips] == ["a", "b", "deep/d", "deep/er/c"]
    assert all(media.clip_frames(clip).shape == (14, 32, 32, 3) and clip.real for clip in clips)
    assert [clip.id for clip in FOLDER.clips(tmp_path, "test", limit=2)] == ["a", "b"]


def test_names_that_differ_in_extension_alone_keep_it(put, tmp_path):
    put("a.mp4")
    put("a.mkv")
    put("b.mkv")
    assert [clip.id for clip in FOLDER.clips(tmp_path, "test")] == ["a.mkv", "a.mp4", "b"]


def test_what_lies_beside_a_video(put, tmp_path, tiny):
    put("x.mp4", tiny["mute"].read_bytes())
    put("x.wav")
    put("x.txt", "Text:  HELLO THERE\nConf: 1\n")
    put("x.align", "0 2500 hello\n2500 5000 there\n")
    put("y.mp4")
    put("y.txt", "plain words\n")
    put("z.mp4")
    np.savez(tmp_path / "landmarks68.npz", x=np.zeros((14, 68, 2), np.float32))
    x, y, z = FOLDER.clips(tmp_path, "test")
    assert x.speech == Recording(tmp_path / "x.wav")
    assert media.clip_speech(x).any()
    assert (x.transcript, x.words) == ("HELLO THERE", (Word("hello", 0, 0.1), Word("there", 0.1, 0.2)))
    assert (y.transcript, z.transcript) == ("plain words", None)
    assert x.extras == {"landmarks": tmp_path / "landmarks68.npz"}


@pytest.mark.parametrize("name", ["transcripts.txt", "transcripts.tsv"])
def test_a_table_of_transcripts(put, tmp_path, name):
    put("videos/a.mp4")
    put("videos/deep/b.mp4")
    put(name, "deep/b\tsecond one\na\tfirst\n")
    assert [(clip.id, clip.transcript) for clip in FOLDER.clips(tmp_path, "test")] == [
        ("a", "first"),
        ("deep/b", "second one"),
    ]


def test_the_real_video_is_the_clip(put, tmp_path):
    for name in ("videos/a.mp4", "videos/b.mp4", "reference/a.mkv"):
        put(name)
    a, b = FOLDER.clips(tmp_path, "test")
    assert (a.video, a.real) == (Recording(tmp_path / "reference/a.mkv"), True)
    assert (b.video, b.real) == (Recording(tmp_path / "videos/b.mp4"), False)


def test_a_reference_folder_in_root_is_not_looked_through(put, tmp_path):
    put("a.mp4")
    put("reference/a.mp4")
    assert [clip.id for clip in FOLDER.clips(tmp_path, "test")] == ["a"]


def test_pairs(put, tmp_path):
    for name in ("a.mp4", "b.mp4"):
        put(name)
    put("pairs.txt", "a.wav b.mp4\nb b\na gone\n")
    clips = FOLDER.clips(tmp_path, "test")
    assert [clip.id for clip in clips] == ["b+a", "b", "gone+a"]
    assert isinstance(clips[0], Clip)
    assert (clips[0].video.path, clips[0].speech.path) == (tmp_path / "b.mp4", tmp_path / "a.mp4")
    assert not clips[0].real
    assert clips[1].real
    assert isinstance(clips[2], Unusable)
    assert [clip.id for clip in FOLDER.clips(tmp_path, "test", limit=1)] == ["b+a"]


def test_what_cannot_be_used(put, tmp_path):
    with pytest.raises(CommandError, match="no video there"):
        FOLDER.clips(tmp_path, "test")
    put("a.mp4")
    put("transcripts.txt", "a one\na two\n")
    with pytest.raises(CommandError, match="'a' has two transcripts"):
        FOLDER.clips(tmp_path, "test")


def test_problems(put, tmp_path, tiny):
    put("a.mp4")
    assert list(FOLDER.problems(tmp_path)) == []
    put("b.mp4", tiny["mute"].read_bytes())
    put("c.mp4", b"")
    put("a.txt", b"\xff\xff")
    put("reference/a.mp4", b"broken")
    put("transcripts.txt", "zz hello\n")
    put("pairs.txt", "a yy\n")
    found = [f"{p.path.rsplit('/', 1)[1]}: {p.what}" for p in FOLDER.problems(tmp_path)]
    assert found[0] == "b.mp4: no audio stream"
    assert found[1] == "c.mp4: the file is empty (0 bytes)"
    assert found[2].startswith("a.mp4: not a readable media file")
    assert found[3:5] == ["b: no real video of this clip", "c: no real video of this clip"]
    assert found[5].startswith("a.txt: is not UTF-8 text")
    assert found[6] == "transcripts.txt: has a transcript of 'zz', which is no video here"
    assert found[7].startswith("pairs.txt: the pairs file names 'yy'")
    assert len(found) == 8


def test_capital_suffixes_beside_a_video(put, tmp_path, tiny):
    put("X.MP4", tiny["mute"].read_bytes())
    put("X.WAV")
    put("X.TXT", "plain words\n")
    (x,) = FOLDER.clips(tmp_path, "test")
    assert (x.speech, x.transcript) == (Recording(tmp_path / "X.WAV"), "plain words")
    assert list(FOLDER.problems(tmp_path)) == []


def test_which_of_two_tracks_is_taken_is_remarked(tmp_path):
    with av.open(str(tmp_path / "x.mkv"), "w") as container:
        for size in (16, 32):
            video = container.add_stream("ffv1", rate=25)
            video.width = video.height = size
            video.pix_fmt = "bgr0"
        audio = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for video in container.streams.video:
            frame = VideoFrame.from_ndarray(np.zeros((video.height, video.width, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = 0, Fraction(1, 25)
            container.mux(video.encode(frame))
            container.mux(video.encode(None))
        sound = AudioFrame.from_ndarray(np.zeros((1, 640), np.float32), "flt", "mono")
        sound.sample_rate = 16_000
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    (remark,) = FOLDER.problems(tmp_path)
    assert (remark.what, remark.remark) == ("the video track 2 of 2 is taken (32x32)", True)
