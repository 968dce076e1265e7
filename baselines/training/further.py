"""Further data sets to train on, beside the one that ``--dataset`` names."""

from __future__ import annotations

from pathlib import Path

from syncbench import registry
from syncbench.clip import Clip
from syncbench.options import Options

__all__ = ["Further", "further_clips", "further_sets"]


class Further(Options):
    """The option that every recipe has.

    Attributes:
        also: further data sets, written ``name:root`` and separated by commas, such as ``lrs2:DIR``.
    """

    also: str = ""


def further_sets(options: Further, split: str = "train") -> list[list[Clip]]:
    """Return the clips of each further data set. Raises CommandError."""
    sets: list[list[Clip]] = []
    for item in filter(None, options.also.split(",")):
        name, _, root = item.partition(":")
        listed = registry.dataset(name).clips(Path(root) if root else None, split)
        sets.append([clip for clip in listed if isinstance(clip, Clip)])
    return sets


def further_clips(options: Further, split: str = "train") -> list[Clip]:
    """Return the clips of all further data sets, one after another; none where there are none. Raises CommandError."""
    return [clip for clips in further_sets(options, split) for clip in clips]
