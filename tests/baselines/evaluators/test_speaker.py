"""Who of two people is speaking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syncbench import media
from syncbench.baselines.evaluators.speaker import find_speaker
from syncbench.clip import Clip, Recording
from syncbench.faces.choice import places
from syncbench.feature import Features

from .test_mtcnn import two_faces


@pytest.fixture(scope="module")
def scenes(lrs2_grid: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """Two talkers side by side, with the sound of the left one and of the right one."""
    frames = two_faces(lrs2_grid, tuple(range(75)))
    folder = tmp_path_factory.mktemp("scenes")
    found: list[Clip] = []
    for number, path in enumerate(sorted(lrs2_grid.rglob("*.mp4"))[:2]):
        recording = Recording(media.write_video(folder / f"{number}.mp4", frames, media.read_speech(path)))
        found.append(Clip(str(number), recording, recording))
    return found


def _left(face: str) -> bool:
    (place,) = places(face)
    return place.centre(480, 270)[0] < 240


def test_the_one_whose_lips_follow_the_speech(scenes: list[Clip]) -> None:
    left, right = (find_speaker(Features(clip)) for clip in scenes)
    assert _left(left)
    assert not _left(right)


def test_another_videos_speech_says_nothing_of_who_is_seen(scenes: list[Clip]) -> None:
    first, second = scenes
    prominent = {
        find_speaker(Features(replace(clip, speech=replace(other.video, start=0.4), real=False)))
        for clip, other in ((first, second), (second, first))
        if other.video is not None
    }
    assert len(prominent) == 1, "the same pictures, the same face"


def test_without_speech_it_is_the_most_prominent_one(scenes: list[Clip]) -> None:
    assert places(find_speaker(Features(replace(scenes[0], speech=None))))


def test_one_face_needs_no_choice(lrs2_grid: Path) -> None:
    recording = Recording(min(lrs2_grid.rglob("*.mp4")))
    assert find_speaker(Features(Clip("a", recording, recording))) == "auto"
