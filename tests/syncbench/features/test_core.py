"""Features: computed once, cached under the hash of what made them, unharmed by damaged entries."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from syncbench.contracts import Clip, Feature
from syncbench.features.core import ClipFeatures, clip_key, feature_key

CALLS: list[str] = []


@dataclass(frozen=True)
class Size:
    """Bytes of the video file."""

    name: str = "size"
    version: int = 1
    weights: str = ""
    needs: tuple[Feature, ...] = ()
    stored: bool = True

    def compute(self, clip: Clip, *needs: Any) -> Any:
        CALLS.append(self.name)
        assert clip.video is not None
        return np.array([clip.video.stat().st_size])


@dataclass(frozen=True)
class Twice:
    """A mapping that needs another feature."""

    name: str = "twice"
    version: int = 1
    weights: str = ""
    needs: tuple[Feature, ...] = field(default_factory=lambda: (Size(),))
    stored: bool = True

    def compute(self, clip: Clip, *needs: Any) -> Any:
        CALLS.append(self.name)
        return {"double": 2 * needs[0], "single": needs[0]}


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    CALLS.clear()
    path = tmp_path / "a.mp4"
    path.write_bytes(b"12345")
    return Clip("a", path)


def test_computed_once_for_all_who_ask(clip: Clip, tmp_path: Path) -> None:
    features = ClipFeatures(clip, tmp_path / "cache")
    assert features[Twice()]["double"] == [10]
    assert features[Size()] == [5]
    assert features[Twice()]["single"] == [5]
    assert sorted(CALLS) == ["size", "twice"]


def test_read_back_from_disk_in_another_run(clip: Clip, tmp_path: Path) -> None:
    ClipFeatures(clip, tmp_path / "cache")[Twice()]
    CALLS.clear()
    again = ClipFeatures(clip, tmp_path / "cache")
    assert set(again[Twice()]) == {"double", "single"}
    assert CALLS == []


def test_without_a_folder_nothing_is_written(clip: Clip, tmp_path: Path) -> None:
    ClipFeatures(clip)[Twice()]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half", b"nonsense"])
def test_damaged_entry_is_computed_again(clip: Clip, tmp_path: Path, damage: bytes) -> None:
    ClipFeatures(clip, tmp_path / "cache")[Size()]
    (entry,) = (tmp_path / "cache").rglob("*.npz")
    entry.write_bytes(damage)
    assert ClipFeatures(clip, tmp_path / "cache")[Size()] == [5]
    assert ClipFeatures(clip, tmp_path / "cache")[Size()] == [5]
    assert CALLS == ["size", "size"]


def test_key_follows_bytes_span_words_code_weights_and_needs(clip: Clip, tmp_path: Path) -> None:
    keys = {clip_key(clip)}
    keys.add(clip_key(dataclasses.replace(clip, end=1.0)))
    keys.add(clip_key(dataclasses.replace(clip, transcript="hello")))
    keys.add(clip_key(dataclasses.replace(clip, id="b")))
    other = tmp_path / "b.mp4"
    other.write_bytes(b"12346")
    keys.add(clip_key(dataclasses.replace(clip, video=other)))
    assert len(keys) == 5
    moved = tmp_path / "c.mp4"
    moved.write_bytes(b"12345")
    assert clip_key(dataclasses.replace(clip, video=moved)) in keys, "where a file lies does not matter"
    features = [Twice(), Twice(version=2), Twice(weights="ab"), Twice(needs=(Size(version=2),))]
    assert len({feature_key(feature, "clip") for feature in features}) == 4
