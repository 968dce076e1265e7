"""Videos made elsewhere: ``--model folder:DIR`` scores ``DIR/<clip id>.mp4`` (or avi, mkv, mov, webm, mpg)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from syncbench.contracts import Answer, Clip, Setup, System, Task
from syncbench.errors import ClipError, CommandError

__all__ = ["SUFFIXES", "Folder", "folder"]

SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".webm", ".mpg")


@dataclass(frozen=True)
class Folder:
    """Answers each clip with the file of its name under ``root``; the speech is the clip's own.

    A clip ``s1/bbal6n`` is looked for as ``s1/bbal6n.mp4`` and as ``s1_bbal6n.mp4``.
    """

    root: Path
    settings: Mapping[str, str]
    name: str = "folder"
    task: Task = "talking-face"

    def answer(self, clip: Clip) -> Answer:
        for stem in (clip.id, clip.id.replace("/", "_")):
            for suffix in SUFFIXES:
                path = self.root / f"{stem}{suffix}"
                if path.is_file():
                    return Answer(video=path)
        raise ClipError(f"{self.root / clip.id}.mp4 is not there: write the video of clip '{clip.id}' under that name")


def folder(setup: Setup) -> System:
    """Videos made elsewhere: ``--model folder:DIR`` scores ``DIR/<clip id>.mp4``."""
    root = Path(setup.argument).resolve()
    if not setup.argument or not root.is_dir():
        raise CommandError(f"--model folder:DIR needs a folder of videos; '{setup.argument}' is none")
    return Folder(root, {"folder": root.name})
