"""Features: named, versioned computations on a clip, done once for whoever asks and cached under what they read.

A feature is a value: a function, what it reads of the clip itself, and the features whose values it takes. Its cached
value lies under the hash of exactly that, so that an embedding of lips does not depend on the transcript.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from syncbench.clip import PARTS, Clip, Recording
from syncbench.errors import ClipError
from syncbench.files import digest, file_hash, read_arrays, write_arrays

__all__ = ["Feature", "Features", "Value", "available", "clip_key", "feature_key", "part_key"]

Value = NDArray[Any] | Mapping[str, NDArray[Any]]


def available() -> str | None:
    """Say that nothing is missing: what ``unavailable`` is of evaluators, providers and detectors that come complete."""
    return None


@dataclass(frozen=True)
class Feature:
    """A computation on a clip.

    Raise ``version`` whenever the code changes what it computes. Two features of one name are one feature.

    Attributes:
        name: unique, settings included, such as ``mouths[64,landmarks[bundled]]``.
        compute: takes the clip with nothing but what ``reads`` names (where it names anything), then the values of
            ``needs``; gives an array, or arrays by name. Raises ClipError or Unavailable.
        reads: the parts of the clip (``clip.PARTS``) that ``compute`` itself reads.
        needs: the features whose values it takes, in order.
        version: of the code.
        weights: SHA-256 of the network's weights; empty where there are none.
        stored: True keeps the value on disk; False in memory, for the clip at hand (cheap or huge values).
        public: True for what any system may know of a clip, whatever its task gives: how long it is.
    """

    name: str
    compute: Callable[..., Any]
    reads: frozenset[str] = frozenset()
    needs: tuple[Feature, ...] = ()
    version: int = 1
    weights: str = ""
    stored: bool = False
    public: bool = False

    def shows(self) -> frozenset[str]:
        """Return the parts of a clip that its value tells of. Which face is meant is told with the video."""
        if self.public:
            return frozenset()
        own = frozenset("video" if part == "face" else part for part in self.reads)
        return own.union(*(need.shows() for need in self.needs))


def part_key(clip: Clip, part: str) -> str:
    """Return the hash of one part of a clip: of a file's bytes and the stretch of it, or of the words."""
    if part in ("video", "speech", "voice"):
        recording: Recording | None = getattr(clip, part)
        if recording is None:
            return "none"
        return digest(file_hash(recording.path), str(recording.start), str(recording.end))
    if part in ("face", "transcript", "words", "target"):
        return digest(repr(getattr(clip, part)))
    file = clip.extras.get(part)
    return "none" if file is None else digest(clip.id, file_hash(file))  # files of many clips hold them by id


def clip_key(clip: Clip) -> str:
    """Return the hash of everything there is of a clip."""
    return digest(clip.id, str(clip.real), *(f"{part} {part_key(clip, part)}" for part in sorted(PARTS)))


def feature_key(feature: Feature, clip: Clip) -> str:
    """Return the key of a feature's value: its code, its weights, and what it and its needs read of the clip."""
    parts = [f"{part} {part_key(clip, part)}" for part in sorted(feature.reads)]
    needs = [feature_key(need, clip) for need in feature.needs]
    return digest(feature.name, str(feature.version), feature.weights, *parts, *needs)


@dataclass
class Features:
    """The features of one clip, computed when first asked for: ``features[FRAMES]``.

    Attributes:
        clip: the clip.
        folder: of the disk cache; None for none.
        memory: values by key, for as long as this object lives. Clips worked on together share one, so that the real
            frames are decoded once for the system, the reference and an answer that shows them.
        known: values that stand in for a computation, by feature name: the arrays of a corrupted clip.
        write: writes the clip that such values stand for to files, for whoever reads files. None: the clip is as its
            files have it.
    """

    clip: Clip
    folder: Path | None = None
    memory: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    known: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    write: Callable[[], Clip] | None = field(default=None, repr=False)

    @cached_property
    def on_disk(self) -> Clip:
        """The clip as files, written where it is none."""
        return self.clip if self.write is None else self.write()

    def has(self, part: str) -> bool:
        """Return whether the clip has a part."""
        return self.clip.has(part)

    def __getitem__(self, feature: Feature) -> Any:
        if feature.name in self.known:
            return self.known[feature.name]
        key = self._key(feature)
        if key not in self.memory:
            self.memory[key] = self._stored(feature, key) if feature.stored and self.folder else self._compute(feature)
        return self.memory[key]

    def _key(self, feature: Feature) -> str:
        try:
            return feature_key(feature, self.clip)
        except FileNotFoundError as error:
            raise ClipError(f"{error.filename}: no such file") from error
        except OSError as error:
            raise ClipError(f"{error.filename}: cannot be read ({error.strerror})") from error

    def _compute(self, feature: Feature) -> Value:
        needs = [self[need] for need in feature.needs]
        clip = self.on_disk if feature.reads & {"video", "speech"} else self.clip
        own = [clip.only(feature.reads)] if feature.reads else []
        value: Value = feature.compute(*own, *needs)
        return value

    def _stored(self, feature: Feature, key: str) -> Value:
        assert self.folder is not None
        path = self.folder / key[:2] / f"{key}.npz"
        value = _read(path)
        if value is None:
            value = self._compute(feature)
            arrays = dict(value) if isinstance(value, Mapping) else {_SINGLE: value}
            with suppress(OSError):  # a full or read-only disk loses nothing
                write_arrays(path, arrays)
        return value


_SINGLE = "__array__"


def _read(path: Path) -> Value | None:
    """Return a cached value, or None where there is none or a damaged one."""
    try:
        arrays = read_arrays(path)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return None
    return arrays.get(_SINGLE, arrays)
