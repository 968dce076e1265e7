"""Faults are known: nothing at level 0, only what they name, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.clip import SAMPLES_PER_FRAME, Word
from syncbench.validity.faults import LADDERS, Ladder, Scene

BY_NAME = {ladder.name: ladder for ladder in LADDERS}
SOUND = {"audio_shift", "words_swapped", "speech_recoding"}


@pytest.fixture
def scene() -> Scene:
    rng = np.random.default_rng(0)
    count = 20
    landmarks = np.zeros((count, 68, 2), np.float32)
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    landmarks[:, 48:68] = np.stack([32 + 10 * np.cos(angle), 44 + 5 * np.sin(angle)], axis=1)
    return Scene(
        frames=rng.integers(0, 256, (count, 64, 64, 3), dtype=np.uint8),
        speech=rng.normal(0, 0.1, count * SAMPLES_PER_FRAME).astype(np.float32),
        landmarks=landmarks,
        words=tuple(Word(text, i * 0.15, i * 0.15 + 0.1) for i, text in enumerate("ABCDE")),
        transcript="A B C D E",
        other=rng.integers(0, 256, (count, 64, 64, 3), dtype=np.uint8),
    )


def applied(ladder: Ladder, scene: Scene, level: float, seed: int = 0) -> Scene:
    return ladder.fault(scene, level, np.random.default_rng(seed))


@pytest.mark.parametrize("ladder", LADDERS, ids=lambda ladder: ladder.name)
def test_level_zero_changes_nothing_and_lengths_stay(ladder: Ladder, scene: Scene) -> None:
    assert ladder.levels[0] == 0
    assert len(ladder.levels) >= 6
    assert list(ladder.levels) == sorted(ladder.levels)
    same = applied(ladder, scene, 0)
    assert (same.frames == scene.frames).all()
    assert (same.speech == scene.speech).all()
    for level in ladder.levels[1:]:
        spoiled = applied(ladder, scene, level)
        assert spoiled.frames.shape == scene.frames.shape or ladder.name == "video_size"
        assert spoiled.speech.shape == scene.speech.shape
        assert spoiled.frames.dtype == np.uint8


@pytest.mark.parametrize("ladder", LADDERS, ids=lambda ladder: ladder.name)
def test_worst_level_changes_its_own_stream_alone(ladder: Ladder, scene: Scene) -> None:
    worst = applied(ladder, scene, ladder.levels[-1])
    assert bool((worst.speech != scene.speech).any()) == (ladder.name in SOUND)
    assert (not np.array_equal(worst.frames, scene.frames)) == (ladder.name not in SOUND)
    again = applied(ladder, scene, ladder.levels[-1])
    assert (worst.frames == again.frames).all()
    assert (worst.speech == again.speech).all()


def test_audio_shift_is_late_by_exactly_so_many_frames(scene: Scene) -> None:
    late = applied(BY_NAME["audio_shift"], scene, 3)
    assert (late.speech[: 3 * SAMPLES_PER_FRAME] == 0).all()
    assert (late.speech[3 * SAMPLES_PER_FRAME :] == scene.speech[: -3 * SAMPLES_PER_FRAME]).all()


@pytest.mark.parametrize("name", ["mouth_freeze", "mouth_amplitude"])
def test_mouth_faults_leave_the_eyes_alone(name: str, scene: Scene) -> None:
    spoiled = applied(BY_NAME[name], scene, 1)
    assert (spoiled.frames[:, :28] == scene.frames[:, :28]).all()
    centre = spoiled.frames[:, 44:48, 30:34]
    assert (centre == centre[0]).all(), "at level 1 the mouth stands still"


def test_swapped_words_say_what_is_heard(scene: Scene) -> None:
    swapped = applied(BY_NAME["words_swapped"], scene, 1)
    words = swapped.transcript.split()
    assert sorted(words) == list("ABCDE")
    assert all(word != was for word, was in zip(words, "ABCDE", strict=True))
    samples = round(0.1 * 16_000)
    for i, word in enumerate(words):
        source = "ABCDE".index(word)
        begin, end = round(i * 0.15 * 16_000), round(source * 0.15 * 16_000)
        heard, said = swapped.speech[begin : begin + samples - 1], scene.speech[end : end + samples - 1]
        assert (heard == said).all()


def test_dropped_and_borrowed_shares_are_as_asked(scene: Scene) -> None:
    dropped = applied(BY_NAME["dropped_frames"], scene, 0.4)
    still = sum((a == b).all() for a, b in zip(dropped.frames[1:], dropped.frames[:-1], strict=True))
    assert still == round(0.4 * 19)
    borrowed = applied(BY_NAME["other_face"], scene, 0.4)
    assert (borrowed.frames[12:] == scene.other[12:]).all()
    assert (borrowed.frames[:12] == scene.frames[:12]).all()
