"""Files: their hashes, and writing them whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

__all__ = ["cache_folder", "digest", "file_hash", "file_md5", "read_arrays", "replacing", "write_arrays", "write_text"]


def cache_folder() -> Path:
    """Return where caches live: ``$SYNCBENCH_CACHE``, else the user's cache folder."""
    if chosen := os.environ.get("SYNCBENCH_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "syncbench"


def digest(*parts: str) -> str:
    """Return the SHA-256 of texts, in order."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@lru_cache(maxsize=65536)
def _hash_at(path: str, size: int, modified: int, algorithm: str = "sha256") -> str:
    found = hashlib.new(algorithm, usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def file_hash(path: Path) -> str:
    """Return a file's SHA-256, read once per process as long as size and time of change stay the same.

    That of a folder (of frames) is made of the names and bytes of the files right in it, hidden ones aside.
    """
    stat = path.stat()
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.is_file() and p.name[0] != ".")
        return digest("folder", *(part for p in inside for part in (p.name, file_hash(p))))
    return _hash_at(str(path), stat.st_size, stat.st_mtime_ns)


def file_md5(path: Path) -> str:
    """Return a file's MD5, read once per process: for files of which nobody states anything better."""
    stat = path.stat()
    return _hash_at(str(path), stat.st_size, stat.st_mtime_ns, "md5")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``, made into ``path`` at the end: nobody ever sees half a file.

    The folder is made where it is not there. Two writers are harmless: the last one counts.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=f".part{path.suffix}", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Write UTF-8 text, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, compressed: bool = False) -> Path:
    """Write arrays as npz, whole or not at all."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        (np.savez_compressed if compressed else np.savez)(file, **cast("dict[str, Any]", dict(arrays)))
    return path


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an npz file, by name. Raises OSError or ValueError where it is none."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
