"""Videos made elsewhere: ``--model folder:DIR`` scores ``DIR/<clip id>.mp4``, or another kind of video of that name."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from syncbench.answer import Video
from syncbench.clip import Clip
from syncbench.datasets.walk import walk
from syncbench.errors import ClipError, CommandError
from syncbench.options import Options
from syncbench.system import Given, Setup, System

__all__ = ["Videos"]


class Videos(System[Options]):
    """Videos made elsewhere: --model folder:DIR scores DIR/<clip id>.mp4; the speech is the clip's own.

    A clip ``s1/bbal6n`` is looked for as ``s1/bbal6n.mp4`` and as ``s1_bbal6n.mp4``. What is a video in the folder, and
    under which id, is as for the dataset ``folder``: see :mod:`syncbench.datasets.walk`.
    """

    task = "talking-face"

    def __init__(self, setup: Setup[Options], name: str = "") -> None:
        super().__init__(setup, name)
        self.root = Path(setup.argument).resolve()
        if not setup.argument or not self.root.is_dir():
            raise CommandError(f"--model folder:DIR needs a folder of videos; '{setup.argument}' is no folder")
        self.videos = walk(self.root).videos
        self.settings["folder"] = self.root.name

    def source(self, clip: Clip) -> Path:
        name = unicodedata.normalize("NFC", clip.id)
        for candidate in (name, name.replace("/", "_")):
            if candidate in self.videos:
                return self.videos[candidate]
            twins = [p.name for other, p in self.videos.items() if other == f"{candidate}{p.suffix}"]
            if len(twins) > 1:
                raise ClipError(f"{self.root} holds {' and '.join(twins)}: keep the one that is clip '{clip.id}'")
        raise ClipError(f"{self.root / clip.id}.mp4 is not there: write the video of clip '{clip.id}' under that name")

    def answer(self, given: Given) -> Video:
        return Video(self.source(given.clip))
