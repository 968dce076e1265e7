"""Anchors: what every number of the task must be read against. An anchor sees all of a clip."""

import numpy as np

from syncbench.answer import Speech
from syncbench.clip import SAMPLES_PER_FRAME
from syncbench.errors import ClipError
from syncbench.features.frames import LENGTH
from syncbench.options import Options
from syncbench.system import Given, System


class RealSpeech(System[Options]):
    """The speech as it was recorded (anchor)."""

    task = "video-to-speech"

    def answer(self, given: Given) -> Speech:
        if given.clip.speech is None:
            raise ClipError("the clip has no speech")
        return Speech(given.clip.speech)


class Silence(System[Options]):
    """No speech at all (anchor)."""

    task = "video-to-speech"

    def answer(self, given: Given) -> Speech:
        return Speech(np.zeros(int(given[LENGTH]) * SAMPLES_PER_FRAME, np.float32))
