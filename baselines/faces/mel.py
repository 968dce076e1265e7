"""The mel front end of the Wav2Lip family, in NumPy.

16 kHz speech becomes 80 mel bands at 80 steps per second, scaled to -4..4, and one chunk of 16 steps (0.2 s) per
video frame. Values follow the released SyncTalkFace code, which keeps those of Wav2Lip (ACM MM 2020).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from syncbench.clip import FPS, SAMPLE_RATE, Waveform

__all__ = ["BANDS", "CHUNK", "STEPS_PER_SECOND", "chunk_start", "mel_chunks", "mel_spectrogram"]

BANDS = 80
CHUNK = 16
STEPS_PER_SECOND = 80

_WINDOW = 800
_HOP = SAMPLE_RATE // STEPS_PER_SECOND
_LOWEST, _HIGHEST = 55.0, 7600.0
_PRE_EMPHASIS = 0.97
_REFERENCE_DB, _FLOOR_DB, _LIMIT = 20.0, -100.0, 4.0


def _to_mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Slaney's mel scale: linear below 1 kHz, logarithmic above."""
    linear = hertz * 3 / 200
    return np.where(hertz < 1000.0, linear, 15.0 + 27.0 * np.log(np.maximum(hertz, 1e-9) / 1000.0) / np.log(6.4))


def _to_hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < 15.0, mel * 200 / 3, 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0))


@cache
def _filters() -> NDArray[np.float32]:
    """Return triangular filters of equal area, float32 ``[80, 401]``, as librosa's default makes them."""
    frequencies = np.linspace(0.0, SAMPLE_RATE / 2, _WINDOW // 2 + 1)
    ends = _to_mel(np.array([_LOWEST, _HIGHEST]))
    corners = _to_hertz(np.linspace(ends[0], ends[1], BANDS + 2))
    widths = np.diff(corners)
    ramps = corners[:, None] - frequencies[None, :]
    rising = -ramps[:-2] / widths[:-1, None]
    falling = ramps[2:] / widths[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (corners[2:] - corners[:-2]))[:, None]).astype(np.float32)


def mel_spectrogram(speech: Waveform) -> NDArray[np.float32]:
    """Return the scaled log mel spectrogram, float32 ``[80, 1 + N // 200]`` in -4..4, of speech ``[N]``.

    Pre-emphasis 0.97, Hann window of 800 samples, hop 200, magnitude (not power), 80 mels in 55..7600 Hz,
    ``20 log10(max(1e-5, mel)) - 20`` dB, and -100..0 dB to -4..4, clipped.
    ASSUMED: the signal's ends are mirrored (librosa before 0.10, which the published code was written for).
    """
    emphasised = scipy.signal.lfilter([1.0, -_PRE_EMPHASIS], [1.0], np.asarray(speech, dtype=np.float64))
    half = _WINDOW // 2
    short = max(0, half + 1 - len(emphasised))
    padded = np.pad(np.pad(emphasised, (0, short)), half, mode="reflect")
    views = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    window = scipy.signal.get_window("hann", _WINDOW, fftbins=True)
    magnitude = np.abs(np.fft.rfft(views * window, axis=1)).astype(np.float32)
    decibels = 20.0 * np.log10(np.maximum(1e-5, _filters() @ magnitude.T)) - _REFERENCE_DB
    scaled = 2 * _LIMIT * (decibels - _FLOOR_DB) / -_FLOOR_DB - _LIMIT
    return np.asarray(np.clip(scaled, -_LIMIT, _LIMIT), np.float32)


def chunk_start(frame: int) -> int:
    """Return the first mel step of frame ``frame``'s chunk (the family's own indexing, one frame early)."""
    return int(STEPS_PER_SECOND / FPS * (frame - 1))


def mel_chunks(mel: NDArray[np.float32], frames: int, first: int = 0) -> NDArray[np.float32]:
    """Return one chunk per video frame, float32 ``[frames, 80, 16]``, from frame ``first`` on.

    ``mel`` is ``[80, steps]``; beyond its ends they are repeated.
    """
    steps = np.array([[chunk_start(f)] for f in range(first, first + frames)]) + np.arange(CHUNK)
    return np.ascontiguousarray(mel[:, np.clip(steps, 0, mel.shape[1] - 1)].transpose(1, 0, 2))
