"""Which files under a folder are videos, and under which ids: the one answer for data sets and for answers.

An id is the path below the folder, without the extension; two files that differ in extension alone keep theirs. Letters
are compared as Unicode composes them (NFC). Hidden files are not looked at, nor what runs and reports have written.

A folder of frames is a video, too: one below the first that holds numbered pictures (``.png``, ``.jpg``) and no video.
Its id is its own path. Beside a video of the same name it is taken for the frames of that one, and left out.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from syncbench.media import is_numbered

__all__ = ["VIDEO_SUFFIXES", "Walk", "walk"]

VIDEO_SUFFIXES = (
    ".mp4", ".mkv", ".mov", ".avi", ".mpg", ".mpeg", ".webm", ".m4v", ".3gp", ".ts", ".mts", ".m2ts", ".flv", ".wmv", ".gif"
)  # fmt: skip
_OTHER_VIDEO = (".3g2", ".asf", ".ogv", ".vob", ".mxf")
_RUN = ("manifest.json", "journal.jsonl")
_REPORT = ("leaderboard.csv", "report.md")


@dataclass(frozen=True, slots=True)
class Walk:
    """What is under a folder.

    Attributes:
        videos: id -> file or folder of frames, folder after folder.
        left_out: what looks like a video, or holds some, and is not read: a line each, with the reason.
    """

    videos: Mapping[str, Path]
    left_out: tuple[str, ...]


def walk(base: Path, suffixes: tuple[str, ...] = VIDEO_SUFFIXES, leave_out: Collection[str] = ()) -> Walk:
    """Look through a folder and those below it; ``leave_out`` names folders right under it that are something else."""
    videos: dict[str, Path] = {}
    left_out: list[str] = []
    known: set[Path] = set()  # videos without their extension
    for place, below, names in os.walk(base):
        folder = Path(place)
        below.sort()
        for name in list(below):
            if name[0] == "." or (folder == base and name in leave_out):
                below.remove(name)
            elif what := _ours(folder / name):
                below.remove(name)
                left_out.append(f"{(folder / name).relative_to(base)}: {what}")
        files = sorted(folder / name for name in names if name[0] != ".")
        found = [path for path in files if path.suffix.lower() in suffixes]
        stems = [path.stem for path in found]
        for path in found:
            name = path.name if stems.count(path.stem) > 1 else path.stem
            videos[_id(base, folder / name)] = path
            known.add(folder / path.stem)
        if not found and folder != base and is_numbered([path.name for path in files]):
            if folder in known:
                left_out.append(f"{folder.relative_to(base)}: frames beside a video of the same name, which is read")
            else:
                videos[_id(base, folder)] = folder
        for path in files:
            if path.suffix.lower() in _OTHER_VIDEO and path.suffix.lower() not in suffixes:
                left_out.append(f"{path.relative_to(base)}: {path.suffix} is not read; write it as mp4, mkv or mov")
    return Walk(videos, tuple(left_out))


def _id(base: Path, path: Path) -> str:
    return unicodedata.normalize("NFC", path.relative_to(base).as_posix())


def _ours(folder: Path) -> str:
    """Say what a folder is that SyncBench wrote; nothing for any other."""
    if all((folder / name).is_file() for name in _RUN):
        return "a run of SyncBench, no data"
    if all((folder / name).is_file() for name in _REPORT):
        return "a report of SyncBench, no data"
    return ""
