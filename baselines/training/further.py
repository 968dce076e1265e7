"""Further data sets to train on, beside the one that ``--dataset`` names."""

from __future__ import annotations

from pathlib import Path

from syncbench import registry
from syncbench.clip import Clip
from syncbench.options import Options

__all__ = ["Further", "further_clips"]


class Further(Options):
    """The option that every recipe has.

    Attributes:
        also: further data sets, written ``name:root`` and separated by commas, such as ``lrs2:DIR``.
    """

    also: str = ""


def further_clips(options: Further, split: str = "train") -> list[Clip]:
    """Return the clips of the further data sets; none where there are none. Raises CommandError."""
    clips: list[Clip] = []
    for item in filter(None, options.also.split(",")):
        name, _, root = item.partition(":")
        listed = registry.dataset(name).clips(Path(root) if root else None, split)
        clips += [clip for clip in listed if isinstance(clip, Clip)]
    return clips
