"""Speech of a clip: as long as its video, or only as far as it goes and there is a voice in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench import media
from syncbench.clip import FPS, SAMPLES_PER_FRAME, Clip, Waveform
from syncbench.errors import ClipError
from syncbench.feature import Feature
from syncbench.features.frames import LENGTH

__all__ = ["MODULATION", "SILENT", "SPEECH", "SPEECH_LENGTH", "VOICED", "VOICE_LIMITS", "check_voice"]

SILENT = -60.0
"""Level in dB below full scale, root of the mean square, under which speech counts as silent. ASSUMED."""
MODULATION = 3.0
"""Least rise in dB from the quiet tenth of the frames to the loud tenth: white noise and hums stay below 0.7 dB, 60
sentences among as loud babble rise by 7.6 dB and more. ASSUMED: noises that come and go rise by more than this, too."""


def _speech(clip: Clip, length: NDArray[np.int64]) -> Waveform:
    return media.clip_speech(clip, int(length))


SPEECH = Feature("speech", _speech, reads=frozenset({"speech"}), needs=(LENGTH,), version=2)
"""Speech, float32 ``[T * 640]`` in -1..1, 16 kHz, cut or padded with zeros to the clip's T frames."""

SPEECH_LENGTH = Feature(
    "speech_length", lambda clip: np.array(media.clip_length(clip)), reads=frozenset({"speech"}), version=2, stored=True
)
"""How many frames the speech itself lasts, int64 ``[]``, whatever the video does."""


VOICE_LIMITS = f"voice:{SILENT:g}dB+{MODULATION:g}dB"
"""The limits of :func:`check_voice`, as signatures say them."""


def check_voice(speech: Waveform) -> Waveform:
    """Return speech ``[N]`` in -1..1, 16 kHz, where there is a voice in it to be in sync with.

    Raises ClipError where it is silent, or as steady as no voice is. Under a second of it is not judged by its rises.
    """
    power = float(np.mean(np.square(speech, dtype=np.float64))) if len(speech) else 0.0
    if power < 10 ** (SILENT / 10):
        raise ClipError(
            f"the speech is silent (under {SILENT:g} dB of full scale): there is nothing for lips to be in sync with"
        )
    frames = len(speech) // SAMPLES_PER_FRAME
    if frames < FPS:
        return speech
    parts = speech[: frames * SAMPLES_PER_FRAME].reshape(frames, SAMPLES_PER_FRAME)
    levels = 10 * np.log10(np.square(parts, dtype=np.float64).mean(axis=1) + 1e-10)
    quiet, loud = np.percentile(levels, [10, 90])
    if loud - quiet < MODULATION:
        raise ClipError(
            f"the sound is no voice: it is as loud all the time (its level moves by {loud - quiet:.1f} dB, a voice's "
            f"by over {MODULATION:g} dB)"
        )
    return speech


def _voiced(speech: Waveform, lasts: NDArray[np.int64]) -> Waveform:
    return check_voice(speech[: int(lasts) * SAMPLES_PER_FRAME])


VOICED = Feature("voiced", _voiced, needs=(SPEECH, SPEECH_LENGTH))
"""Speech, float32 ``[min(T, N // 640) * 640]``: as far as both video and speech go, as SyncNet's own scorer counts.
Raises ClipError where there is no voice in it: see :func:`check_voice`."""
