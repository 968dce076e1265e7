"""Features of a clip: computed once, shared by every metric, cached on disk under the hash of what made them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import Clip, Feature, Value

__all__ = ["ClipFeatures", "cache_folder", "clip_key", "feature_key", "file_hash"]


def cache_folder() -> Path:
    """Return where caches live: ``$SYNCBENCH_CACHE``, else the user's cache folder."""
    if chosen := os.environ.get("SYNCBENCH_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "syncbench"


@lru_cache(maxsize=65536)
def _hash_at(path: str, size: int, modified: int) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """Return a file's SHA-256; reading it once per process as long as size and time of change stay the same."""
    stat = path.stat()
    return _hash_at(str(path), stat.st_size, stat.st_mtime_ns)


def clip_key(clip: Clip) -> str:
    """Return the hash of everything a feature could read of a clip: its files' bytes, span, words and id."""
    files = {"video": clip.video, "audio": clip.audio, **{f"extra {role}": path for role, path in clip.extras.items()}}
    parts = [f"{role} {file_hash(path)}" for role, path in files.items() if path is not None and path.is_file()]
    words = [f"{word.text} {word.start} {word.end}" for word in clip.words]
    span = f"{clip.start} {clip.end} {clip.audio_start}"
    return _digest(clip.id, span, str(clip.transcript), *words, *parts)


def feature_key(feature: Feature, clip: str) -> str:
    """Return the key of a feature of the clip whose key is ``clip``: code version, weights and needs included."""
    needs = [feature_key(need, clip) for need in feature.needs]
    return _digest(feature.name, str(feature.version), feature.weights, clip, *needs)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass
class ClipFeatures:
    """The features of one clip, computed when first asked for and kept for as long as this object lives.

    ``folder`` None means no disk cache.
    """

    clip: Clip
    folder: Path | None = None
    _values: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    _key: str = ""

    def __getitem__(self, feature: Feature) -> Any:
        if feature.name not in self._values:
            self._values[feature.name] = (
                self._stored(feature) if feature.stored and self.folder else self._compute(feature)
            )
        return self._values[feature.name]

    def _compute(self, feature: Feature) -> Value:
        return feature.compute(self.clip, *(self[need] for need in feature.needs))

    def _stored(self, feature: Feature) -> Value:
        assert self.folder is not None
        self._key = self._key or clip_key(self.clip)
        key = feature_key(feature, self._key)
        path = self.folder / key[:2] / f"{key}.npz"
        value = _read(path)
        if value is None:
            value = self._compute(feature)
            _write(path, value)
        return value


_SINGLE = "__array__"


def _read(path: Path) -> Value | None:
    """Return a cached value, or None where there is none or a damaged one."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays: dict[str, NDArray[Any]] = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError):
        return None
    except Exception as error:  # zipfile.BadZipFile and zlib.error share no base; a damaged entry is no entry
        if type(error).__name__ not in {"BadZipFile", "error"}:
            raise
        return None
    return arrays.get(_SINGLE, arrays)


def _write(path: Path, value: Value) -> None:
    """Store a value atomically, so that two workers and a kill are harmless. A full or read-only disk loses nothing."""
    arrays = dict(value) if isinstance(value, Mapping) else {_SINGLE: value}
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            temporary = Path(file.name)
            np.savez(file, **cast("dict[str, Any]", arrays))
        temporary.replace(path)
    except OSError:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
