"""Speech of a clip, as long as its video."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench import media
from syncbench.clip import Clip, Waveform
from syncbench.feature import Feature
from syncbench.features.frames import LENGTH

__all__ = ["SPEECH", "SPEECH_LENGTH"]


def _speech(clip: Clip, length: NDArray[np.int64]) -> Waveform:
    return media.clip_speech(clip, int(length))


SPEECH = Feature("speech", _speech, reads=frozenset({"speech"}), needs=(LENGTH,))
"""Speech, float32 ``[T * 640]`` in -1..1, 16 kHz, cut or padded with zeros to the clip's T frames."""

SPEECH_LENGTH = Feature(
    "speech_length", lambda clip: np.array(media.clip_length(clip)), reads=frozenset({"speech"}), stored=True
)
"""How many frames the speech itself lasts, int64 ``[]``, whatever the video does."""
