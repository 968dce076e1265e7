"""The journal: one line per finished or failed (clip, condition, stage), appended and synced, never rewritten.

A kill at any byte loses at most the line being written: a last line without its newline is dropped when the journal is
opened again, and that piece of work is done anew. The newest line of a key counts, and an answer given anew takes with
it what was measured of the earlier one.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, Self

__all__ = ["ANSWER", "PROBE", "Entry", "Journal", "Key", "read"]

ANSWER = "answer"
PROBE = "probe"
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.

    Attributes:
        clip: clip id.
        condition: corruption; empty for none.
        stage: ``answer``, ``probe`` (once per run), or a metric family.
        status: ``done`` or ``failed``.
        reason: why it failed; empty when done.
        data: for ``answer``: the reference clip, the kept answer and the hashes of their files; for ``probe``: the file of
            its arrays; for a metric: its settings, its measurement, the scores it withholds with the reasons, and the key
            of the answer that it measured.
        seconds: wall time.
    """

    clip: str
    condition: str
    stage: str
    status: Literal["done", "failed"]
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    seconds: float = 0.0

    @property
    def key(self) -> Key:
        return self.clip, self.condition, self.stage

    def line(self) -> str:
        record = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def _complete_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line


def read(path: Path) -> dict[Key, Entry]:
    """Return the newest entry of every key. A missing file is an empty journal; a torn line is no line.

    What was measured of an answer that was given anew later, or failed then, is not among them.
    """
    entries: dict[Key, Entry] = {}
    measured: defaultdict[tuple[str, str], set[Key]] = defaultdict(set)
    if not path.exists():
        return entries
    for line in _complete_lines(path):
        try:
            entry = Entry(**json.loads(line))
        except (ValueError, TypeError):
            continue
        of_answer = measured[entry.clip, entry.condition]
        if entry.stage == ANSWER:
            for key in of_answer:
                del entries[key]
            of_answer.clear()
        elif entry.stage != PROBE:
            of_answer.add(entry.key)
        entries[entry.key] = entry
    return entries


class Journal:
    """An open journal. Use as a context manager; ``append`` returns once the line is on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._cut_torn_line()
        self._file = self.path.open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def append(self, *entries: Entry) -> None:
        assert self._file is not None, "journal is not open"
        self._file.write(b"".join(entry.line().encode() + b"\n" for entry in entries))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _cut_torn_line(self) -> None:
        if not self.path.exists():
            return
        whole = sum(len(line) for line in _complete_lines(self.path))
        if whole < self.path.stat().st_size:
            with self.path.open("r+b") as file:
                file.truncate(whole)
