"""Anchors of systems that draw: what any score of a talking face must be read against.

``reference`` is the real video with its own speech; ``shuffled`` the real video with another clip's speech; ``frozen`` the
first frame, standing still while the speech goes on. A generator that does not beat the last two has not learned to speak;
one that beats the first has learned the metric.
"""

from __future__ import annotations

import numpy as np

from syncbench import media
from syncbench.answer import AudioVisual, Video
from syncbench.clip import Clip
from syncbench.datasets.pairing import derangement
from syncbench.errors import ClipError, CommandError
from syncbench.options import Options
from syncbench.system import Given, Setup, System

__all__ = ["Frozen", "Reference", "Shuffled"]


class Reference(System[Options]):
    """The real video with its own speech (anchor)."""

    task = "talking-face"

    def answer(self, given: Given) -> Video:
        if given.clip.video is None:
            raise ClipError("the clip has no video")
        return Video(given.clip.video)


class Frozen(System[Options]):
    """The first frame, standing still while the speech goes on (anchor)."""

    task = "talking-face"

    def answer(self, given: Given) -> Video:
        footage = given.footage
        still = footage[:1]
        return Video(np.repeat(still, span.stop - span.start, axis=0) for span in media.spans(footage))


class Shuffled(System[Options]):
    """The real video with another clip's speech, cut or padded to its length (anchor).

    A seeded derangement of the whole split: no clip keeps its own speech, and who speaks for whom does not depend on
    which of the clips are run.
    """

    task = "talking-face"
    borrows = True

    def __init__(self, setup: Setup[Options], name: str = "") -> None:
        super().__init__(setup, name)
        clips = setup.split
        if len(clips) < 2:
            raise CommandError("the shuffled anchor needs a split of at least two clips")
        order = derangement([clip.transcript for clip in clips], setup.seed)
        self.donors: dict[str, Clip] = {clip.id: clips[j] for clip, j in zip(clips, order, strict=True)}
        self.settings["seed"] = str(setup.seed)

    def answer(self, given: Given) -> AudioVisual:
        donor = self.donors[given.id]
        if given.clip.video is None:
            raise ClipError("the clip has no video")
        wanted = len(given.speech)
        found = media.clip_speech(donor)[:wanted]
        speech = np.pad(found, (0, wanted - len(found)))
        return AudioVisual(given.clip.video, speech, said=donor.transcript)
