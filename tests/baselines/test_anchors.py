"""The anchors do what their names say, and ``folder:`` finds videos by clip id."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench import media
from syncbench.baselines.anchors import frozen, reference, shuffled
from syncbench.baselines.folder import folder
from syncbench.contracts import SAMPLES_PER_FRAME, Clip, Setup
from syncbench.errors import ClipError, CommandError


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Clip, ...]:
    made: list[Clip] = []
    for i in range(4):
        level = np.linspace(40, 200, 10 + i).astype(np.uint8)
        frames = np.broadcast_to(level[:, None, None, None], (10 + i, 32, 32, 3)).copy()
        speech = np.full((10 + i) * SAMPLES_PER_FRAME, 0.1 * (i + 1), np.float32)
        path = media.write_lossless(tmp_path / f"{i}.mkv", frames, speech)
        made.append(Clip(f"s/{i}", path, transcript=f"word {i}"))
    return tuple(made)


def test_reference_is_the_real_file_itself(clips: tuple[Clip, ...]) -> None:
    answer = reference(Setup(clips=clips)).answer(clips[0])
    assert answer.video == clips[0].video
    assert answer.speech is None


def test_frozen_is_the_first_frame_for_the_whole_length(clips: tuple[Clip, ...]) -> None:
    video = frozen(Setup(clips=clips)).answer(clips[2]).video
    assert isinstance(video, np.ndarray)
    assert video.shape == (12, 32, 32, 3)
    assert (video == clips[2].frames()[0]).all()


def test_shuffled_has_the_speech_of_another_cut_or_padded(clips: tuple[Clip, ...]) -> None:
    levels: list[float] = []
    system = shuffled(Setup(clips=clips, seed=3))
    for i, clip in enumerate(clips):
        answer = system.answer(clip)
        assert isinstance(answer.speech, np.ndarray)
        assert len(answer.speech) == (10 + i) * SAMPLES_PER_FRAME
        donor = round(float(answer.speech[100]) * 10) - 1
        assert donor != i
        assert answer.text == f"word {donor}"
        levels.append(donor)
    assert sorted(levels) == [0, 1, 2, 3]
    again = shuffled(Setup(clips=clips, seed=3))
    assert [again.answer(c).text for c in clips] == [f"word {d}" for d in levels]


def test_shuffled_needs_another_clip(clips: tuple[Clip, ...]) -> None:
    with pytest.raises(CommandError, match="at least two clips"):
        shuffled(Setup(clips=clips[:1]))


def test_folder_finds_nested_and_flat_names_and_says_what_is_missing(clips: tuple[Clip, ...], tmp_path: Path) -> None:
    (tmp_path / "out" / "s").mkdir(parents=True)
    (tmp_path / "out" / "s" / "0.mp4").touch()
    (tmp_path / "out" / "s_1.avi").touch()
    system = folder(Setup(argument=str(tmp_path / "out")))
    assert system.answer(clips[0]).video == tmp_path / "out" / "s" / "0.mp4"
    assert system.answer(clips[1]).video == tmp_path / "out" / "s_1.avi"
    with pytest.raises(ClipError, match=r"s/2\.mp4 is not there: write the video of clip 's/2'"):
        system.answer(clips[2])
    with pytest.raises(CommandError, match="needs a folder of videos"):
        folder(Setup(argument=str(tmp_path / "nowhere")))
