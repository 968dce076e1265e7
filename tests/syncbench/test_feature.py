"""Features: computed once, cached under the hash of what they read, unharmed by damaged entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from syncbench.clip import Clip, Recording, Target, Word
from syncbench.errors import ClipError
from syncbench.feature import Feature, Features, clip_key, feature_key

CALLS: list[str] = []


def _size(clip: Clip) -> Any:
    CALLS.append("size")
    assert clip.video is not None
    return np.array([clip.video.path.stat().st_size])


def _twice(size: Any) -> Any:
    CALLS.append("twice")
    return {"double": 2 * size, "single": size}


SIZE = Feature("size", _size, reads=frozenset({"video"}), stored=True)
"""Bytes of the video file."""
TWICE = Feature("twice", _twice, needs=(SIZE,), stored=True)
"""A mapping that needs another feature."""


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    CALLS.clear()
    path = tmp_path / "a.mp4"
    path.write_bytes(b"12345")
    return Clip("a", Recording(path))


def test_computed_once_for_all_who_ask(clip: Clip, tmp_path: Path) -> None:
    features = Features(clip, tmp_path / "cache")
    assert features[TWICE]["double"] == [10]
    assert features[SIZE] == [5]
    assert features[TWICE]["single"] == [5]
    assert sorted(CALLS) == ["size", "twice"]


def test_read_back_from_disk_in_another_run(clip: Clip, tmp_path: Path) -> None:
    Features(clip, tmp_path / "cache")[TWICE]
    CALLS.clear()
    again = Features(clip, tmp_path / "cache")
    assert set(again[TWICE]) == {"double", "single"}
    assert CALLS == []


def test_without_a_folder_nothing_is_written(clip: Clip, tmp_path: Path) -> None:
    Features(clip)[TWICE]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]


def test_a_feature_that_is_not_stored_stays_in_memory(clip: Clip, tmp_path: Path) -> None:
    cheap = replace(SIZE, stored=False)
    features = Features(clip, tmp_path / "cache")
    assert features[cheap] is features[cheap]
    assert not (tmp_path / "cache").exists()
    assert Features(clip, tmp_path / "cache")[cheap] == [5]
    assert CALLS == ["size", "size"]


def test_clips_that_share_a_memory_share_what_they_show(clip: Clip) -> None:
    memory: dict[str, Any] = {}
    Features(clip, memory=memory)[SIZE]
    answer = replace(clip, transcript="what was heard")
    assert Features(answer, memory=memory)[SIZE] == [5]
    assert CALLS == ["size"]


def test_known_values_stand_in_for_a_computation(clip: Clip) -> None:
    features = Features(clip, known={"size": np.array([7])})
    assert features[SIZE] == [7]
    assert features[TWICE]["double"] == [14]
    assert CALLS == ["twice"]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half", b"nonsense"])
def test_damaged_entry_is_computed_again(clip: Clip, tmp_path: Path, damage: bytes) -> None:
    Features(clip, tmp_path / "cache")[SIZE]
    (entry,) = (tmp_path / "cache").rglob("*.npz")
    entry.write_bytes(damage)
    assert Features(clip, tmp_path / "cache")[SIZE] == [5]
    assert Features(clip, tmp_path / "cache")[SIZE] == [5]
    assert CALLS == ["size", "size"]


def test_a_missing_file_is_one_clear_line(clip: Clip, tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"gone\.mp4: no such file"):
        Features(replace(clip, video=Recording(tmp_path / "gone.mp4")))[SIZE]


def _with_landmarks(clip: Clip) -> Clip:
    assert clip.video is not None
    return replace(clip, extras={"landmarks": clip.video.path})


CHANGES: dict[str, Callable[[Clip], Clip]] = {
    "id": lambda clip: replace(clip, id="b"),
    "video": lambda clip: replace(clip, video=replace(clip.video, end=1.0)),
    "speech": lambda clip: replace(clip, speech=clip.video),
    "transcript": lambda clip: replace(clip, transcript="hello"),
    "words": lambda clip: replace(clip, words=(Word("hello", 0.0, 1.0),)),
    "target": lambda clip: replace(clip, target=Target("hola", "es")),
    "voice": lambda clip: replace(clip, voice=clip.video),
    "landmarks": _with_landmarks,
    "real": lambda clip: replace(clip, real=False),
}


def test_the_clips_key_follows_all_there_is_of_it(clip: Clip, tmp_path: Path) -> None:
    keys = {clip_key(clip), *(clip_key(change(clip)) for change in CHANGES.values())}
    other = tmp_path / "b.mp4"
    other.write_bytes(b"12346")
    keys.add(clip_key(replace(clip, video=Recording(other))))
    assert len(keys) == len(CHANGES) + 2
    moved = tmp_path / "c.mp4"
    moved.write_bytes(b"12345")
    assert clip_key(replace(clip, video=Recording(moved))) == clip_key(clip), "where a file lies does not matter"


@pytest.mark.parametrize("feature", [SIZE, TWICE], ids=lambda feature: feature.name)
@pytest.mark.parametrize("change", CHANGES)
def test_a_features_key_follows_what_it_reads_and_nothing_else(clip: Clip, feature: Feature, change: str) -> None:
    same = feature_key(feature, CHANGES[change](clip)) == feature_key(feature, clip)
    assert same == (change != "video")


def test_a_file_of_many_clips_is_read_by_the_clips_id(clip: Clip) -> None:
    feature = Feature("landmarks", lambda clip: clip.id, reads=frozenset({"landmarks"}))
    one = _with_landmarks(clip)
    assert feature_key(feature, one) != feature_key(feature, replace(one, id="b"))


def test_a_features_key_follows_code_weights_and_needs(clip: Clip) -> None:
    changed = [replace(TWICE, **change) for change in ({"name": "x"}, {"version": 2}, {"weights": "ab"})]
    changed.append(replace(TWICE, needs=(replace(SIZE, version=2),)))
    assert len({feature_key(feature, clip) for feature in (TWICE, *changed)}) == 5


def test_a_computation_sees_what_it_reads_and_nothing_else(clip: Clip) -> None:
    whole = replace(clip, speech=clip.video, transcript="hello")
    seen = Feature("seen", lambda clip: clip, reads=frozenset({"video"}))
    assert Features(whole)[seen] == clip


def test_a_feature_shows_what_it_and_its_needs_read() -> None:
    heard = Feature("heard", lambda clip, size: size, reads=frozenset({"speech"}), needs=(SIZE,))
    assert heard.shows() == {"speech", "video"}
    assert replace(heard, public=True).shows() == frozenset()
