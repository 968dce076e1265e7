"""A system: it hums louder where the picture moves more."""

import numpy as np
from pydantic import Field

from syncbench.answer import Speech
from syncbench.clip import SAMPLE_RATE, SAMPLES_PER_FRAME
from syncbench.options import Options
from syncbench.system import Given, System


class HumOptions(Options):
    """What ``--option key=value`` may say."""

    pitch: float = Field(default=120.0, gt=0, lt=8000)


class Hum(System[HumOptions]):
    """Hums louder where the picture moves more: the least that can be heard of a video."""

    task = "video-to-speech"
    takes = HumOptions

    def answer(self, given: Given) -> Speech:
        frames = given.frames.astype(np.float32)  # [T, H, W, 3]
        moved = np.abs(np.diff(frames, axis=0, prepend=frames[:1])).mean((1, 2, 3))  # [T]
        loudness = np.repeat(moved / max(float(moved.max()), 1e-6), SAMPLES_PER_FRAME)
        time = np.arange(len(loudness)) / SAMPLE_RATE
        tone = np.sin(2 * np.pi * self.options.pitch * time)
        return Speech((0.3 * loudness * tone).astype(np.float32), traces={"moved": moved})
