"""A system gets what its task gives, and nothing else: not from the clip, nor through features."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncbench import registry
from syncbench.clip import PARTS, Clip, Recording, Target, Word
from syncbench.errors import ClipError
from syncbench.feature import Feature, Features
from syncbench.features.frames import LENGTH
from syncbench.system import Given
from syncbench.task import Task

TASKS = sorted(registry.loaded("task"))
HIDDEN = [(task, part) for task in TASKS for part in sorted(PARTS - registry.task(task).given - {"face"})]
SHOWN = [(task, part) for task in TASKS for part in sorted(registry.task(task).given)]


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    """A clip of which everything is known."""
    file = tmp_path / "file"
    file.write_bytes(b"x")
    said = Recording(file)
    whole = Clip(
        "c", video=said, speech=said, transcript="bin blue", words=(Word("bin", 0, 1),), target=Target("azul", "es"),
        voice=said, face="2", extras={"landmarks": file, "truth": file, "traces": file},
    )  # fmt: skip
    assert all(whole.has(part) for part in PARTS)
    return whole


def given(clip: Clip, task: Task) -> Given:
    return Given(Features(clip), task.given, "model 'nosy'")


def sees(part: str) -> Feature:
    return Feature(f"sees[{part}]", lambda clip: clip.has(part), reads=frozenset({part}))


def through(feature: Feature) -> Feature:
    """A feature that reads nothing itself, and takes the value of another."""
    return Feature(f"through[{feature.name}]", lambda value: value, needs=(feature,))


@pytest.mark.parametrize(("task", "part"), HIDDEN)
def test_what_a_task_does_not_give_cannot_be_read(clip: Clip, task: str, part: str) -> None:
    asked = given(clip, registry.task(task))
    assert not asked.has(part)
    assert not asked.clip.has(part)
    both = Feature(f"both[{part}]", lambda clip, value: value, reads=asked.parts, needs=(sees(part),))
    for feature in (sees(part), through(sees(part)), through(through(sees(part))), both):
        with pytest.raises(ClipError, match=rf"model 'nosy' asked for .*, which shows the clip's {part}: it is given "):
            asked[feature]


@pytest.mark.parametrize(("task", "part"), SHOWN)
def test_what_a_task_gives_can_be_read(clip: Clip, task: str, part: str) -> None:
    asked = given(clip, registry.task(task))
    assert asked.has(part)
    assert asked.clip.has(part)
    assert asked[sees(part)]
    assert asked[through(sees(part))]


@pytest.mark.parametrize("task", TASKS)
def test_a_feature_reads_no_more_of_the_clip_than_it_names(clip: Clip, task: str) -> None:
    for part in sorted(registry.task(task).given):
        rest = Feature(f"rest[{part}]", lambda shown: [p for p in sorted(PARTS) if shown.has(p)], frozenset({part}))
        assert given(clip, registry.task(task))[rest] == [part]


def test_which_face_is_meant_is_told_with_the_video(clip: Clip) -> None:
    assert sees("face").shows() == frozenset({"video"})
    assert given(clip, registry.task("avsr"))[sees("face")]


def test_the_length_of_a_clip_is_no_secret(clip: Clip) -> None:
    assert LENGTH.shows() == frozenset()
    assert through(LENGTH).shows() == frozenset()


@pytest.mark.parametrize("task", TASKS)
def test_a_clip_keeps_its_name(clip: Clip, task: str) -> None:
    assert given(clip, registry.task(task)).clip.id == given(clip, registry.task(task)).id == "c"
