"""The anchors do what their names say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from syncbench import media
from syncbench.answer import AudioVisual
from syncbench.baselines.anchors.video import Frozen, Reference, Shuffled
from syncbench.clip import PARTS, SAMPLES_PER_FRAME, Clip, Recording
from syncbench.errors import ClipError, CommandError
from syncbench.feature import Features
from syncbench.options import Options
from syncbench.system import Given, Setup


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Clip, ...]:
    made: list[Clip] = []
    for i in range(4):
        level = np.linspace(40, 200, 10 + i).astype(np.uint8)
        frames = np.broadcast_to(level[:, None, None, None], (10 + i, 32, 32, 3)).copy()
        speech = np.full((10 + i) * SAMPLES_PER_FRAME, 0.1 * (i + 1), np.float32)
        path = media.write_lossless(tmp_path / f"{i}.mkv", frames, speech)
        made.append(Clip(f"s/{i}", Recording(path), Recording(path), transcript=f"word {i}"))
    return tuple(made)


def given(clip: Clip) -> Given:
    return Given(Features(clip), PARTS, "the anchor")


def setup(clips: tuple[Clip, ...] = (), seed: int = 0) -> Setup[Options]:
    return Setup(Options(), seed=seed, split=clips)


def test_reference_is_the_real_file_itself(clips: tuple[Clip, ...]) -> None:
    assert Reference(setup()).answer(given(clips[0])).video == clips[0].video
    with pytest.raises(ClipError, match="no video"):
        Reference(setup()).answer(given(Clip("heard", speech=clips[0].speech)))


def test_frozen_is_the_first_frame_for_the_whole_length(clips: tuple[Clip, ...]) -> None:
    pieces = Frozen(setup()).answer(given(clips[2])).video
    assert isinstance(pieces, Iterator)
    video = np.concatenate([*pieces])
    assert video.shape == (12, 32, 32, 3)
    assert (video == media.clip_frames(clips[2])[0]).all()


def spoken(clips: tuple[Clip, ...], seed: int = 3) -> list[AudioVisual]:
    system = Shuffled(setup(clips, seed))
    return [system.answer(given(clip)) for clip in clips]


def test_shuffled_has_the_speech_of_another_cut_or_padded(clips: tuple[Clip, ...]) -> None:
    donors: list[int] = []
    for i, answer in enumerate(spoken(clips)):
        assert answer.video == clips[i].video
        assert isinstance(answer.speech, np.ndarray)
        assert len(answer.speech) == (10 + i) * SAMPLES_PER_FRAME
        donor = round(float(answer.speech[100]) * 10) - 1
        assert donor != i
        assert answer.said == f"word {donor}", "the words of the speech that is heard"
        donors.append(donor)
    assert sorted(donors) == [0, 1, 2, 3]
    assert [answer.said for answer in spoken(clips)] == [f"word {donor}" for donor in donors]


def test_shuffled_needs_another_clip(clips: tuple[Clip, ...]) -> None:
    with pytest.raises(CommandError, match="at least two clips"):
        Shuffled(setup(clips[:1]))
