"""Mel-frequency cepstra, as python_speech_features 0.6 computes them with its defaults."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from syncbench.clip import SAMPLE_RATE, Waveform

__all__ = ["int16_scale", "mfcc"]

_WINDOW = SAMPLE_RATE // 40  # 25 ms
_STEP = SAMPLE_RATE // 100  # 10 ms
_FFT = 512
_FILTERS = 26
_CEPSTRA = 13
_LIFTER = 22
_PRE_EMPHASIS = 0.97
_TINY = np.finfo(np.float64).eps  # stands for zero energy, whose logarithm is not defined


def int16_scale(speech: Waveform) -> NDArray[np.float64]:
    """Return speech in -1..1 as the whole numbers -32768..32767 of 16-bit files, which scorers compute cepstra from."""
    return np.clip(np.rint(speech.astype(np.float64) * 32768), -32768, 32767)


def mfcc(signal: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return the cepstra of a 16 kHz signal ``[N]``, float64 ``[M, 13]``, 100 per second.

    Windows of 400 samples every 160, rectangular, the last one padded with zeros: ``M = 1 + ceil((N - 400) / 160)``, at
    least 1. Pre-emphasis 0.97, 512-point power spectrum, 26 triangular mel filters over 0..8000 Hz, logarithm,
    orthonormal DCT-II, sinusoidal lifter 22; the first cepstrum is replaced by the logarithm of the window's energy.

    Source: python_speech_features 0.6, ``mfcc(signal, 16000)``. Scale matters: scorers pass 16-bit whole numbers.
    """
    samples = signal.astype(np.float64)
    if samples.size:
        samples = np.concatenate([samples[:1], samples[1:] - _PRE_EMPHASIS * samples[:-1]])
    count = 1 + max(0, -(-(len(samples) - _WINDOW) // _STEP))
    padded = np.zeros((count - 1) * _STEP + _WINDOW)
    padded[: len(samples)] = samples[: len(padded)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_STEP]  # [M, 400]

    power = np.abs(np.fft.rfft(windows, _FFT)) ** 2 / _FFT  # [M, 257]
    energy = _positive(power.sum(axis=1))
    bands = np.log(_positive(power @ _filters().T))  # [M, 26]
    cepstra = scipy.fft.dct(bands, type=2, axis=1, norm="ortho")[:, :_CEPSTRA]
    cepstra = cepstra * (1 + _LIFTER / 2 * np.sin(np.pi * np.arange(_CEPSTRA) / _LIFTER))
    cepstra[:, 0] = np.log(energy)
    return np.asarray(cepstra, np.float64)


def _positive(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values == 0, _TINY, values)


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float64]:
    """Return the mel filters on the bins of the power spectrum, ``[26, 257]``."""
    highest = 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, highest, _FILTERS + 2) / 2595) - 1)
    corners = np.floor((_FFT + 1) * hertz / SAMPLE_RATE)  # [28] bins: left foot, peak, right foot of each triangle
    left, peak, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    bins = np.arange(_FFT // 2 + 1)
    rising = (bins - left) / (peak - left)
    falling = (right - bins) / (right - peak)
    return np.where((bins >= left) & (bins < peak), rising, np.where((bins >= peak) & (bins < right), falling, 0.0))
