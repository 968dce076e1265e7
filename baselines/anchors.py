"""Anchors: what any talking-face score must be read against.

``reference`` is the real video with its own speech; ``shuffled`` the real video with another clip's speech; ``frozen`` the
first frame, standing still while the speech goes on. A generator that does not beat the last two has not learned to speak;
one that beats the first has learned the metric.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from syncbench.contracts import Answer, Clip, Setup, System, Task
from syncbench.datasets.pairing import derangement
from syncbench.errors import CommandError

__all__ = ["Frozen", "Reference", "Shuffled", "frozen", "reference", "shuffled"]


@dataclass(frozen=True)
class Reference:
    """The real video with its own speech."""

    name: str = "reference"
    task: Task = "talking-face"
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    def answer(self, clip: Clip) -> Answer:
        return Answer(video=clip.video)


@dataclass(frozen=True)
class Frozen:
    """The first frame for as long as the speech lasts."""

    name: str = "frozen"
    task: Task = "talking-face"
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    def answer(self, clip: Clip) -> Answer:
        frames = clip.frames()
        return Answer(video=np.broadcast_to(frames[:1], frames.shape).copy())


@dataclass(frozen=True)
class Shuffled:
    """The real video with the speech of another clip, cut or padded to its length."""

    donors: Mapping[str, Clip]
    settings: Mapping[str, str]
    name: str = "shuffled"
    task: Task = "talking-face"

    def answer(self, clip: Clip) -> Answer:
        donor = self.donors[clip.id]
        wanted = len(clip.speech())
        speech = np.zeros(wanted, np.float32)
        found = donor.speech()[:wanted]
        speech[: len(found)] = found
        return Answer(video=clip.video, speech=speech, text=donor.transcript)


def reference(setup: Setup) -> System:
    """The real video with its own speech (anchor)."""
    return Reference()


def frozen(setup: Setup) -> System:
    """The first frame, standing still while the speech goes on (anchor)."""
    return Frozen()


def shuffled(setup: Setup) -> System:
    """The real video with another clip's speech (anchor).

    A seeded derangement: no clip keeps its own speech. Raises CommandError where there are fewer than two clips.
    """
    if len(setup.clips) < 2:
        raise CommandError("the shuffled anchor needs at least two clips: raise --limit")
    order = derangement([clip.transcript for clip in setup.clips], setup.seed)
    donors = {clip.id: setup.clips[j] for clip, j in zip(setup.clips, order, strict=True)}
    return Shuffled(donors, {"seed": str(setup.seed)})
