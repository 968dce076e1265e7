"""What the sync expert hears: log-mel spectra, four columns to a video frame."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import SAMPLE_RATE, SAMPLES_PER_FRAME, Waveform

__all__ = ["BANDS", "COLUMNS_PER_FRAME", "log_mel"]

BANDS = 40
COLUMNS_PER_FRAME = 4
_HOP = SAMPLES_PER_FRAME // COLUMNS_PER_FRAME  # 10 ms
_WINDOW = 400  # 25 ms
_FFT = 512
_LOW, _HIGH = 60.0, 7600.0  # Hz
_RANGE = 7.0  # nepers of power kept below the loud parts, about 30 dB of amplitude: below that, rooms differ


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float32]:
    """Triangular mel filters, [BANDS, FFT / 2 + 1]."""

    def mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1127.0 * np.log1p(hertz / 700.0)

    low, high = mel(np.array([_LOW, _HIGH])).tolist()
    edges = np.linspace(low, high, BANDS + 2)
    bins = mel(np.arange(_FFT // 2 + 1) * SAMPLE_RATE / _FFT)
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    filters: NDArray[np.float32] = np.maximum(0, np.minimum(rise, fall)).astype(np.float32)
    return filters


def log_mel(speech: Waveform, frames: int) -> NDArray[np.float32]:
    """Return log-mel energies, float32 [frames * 4, 40], 0 where the speech is loud and about -1 in silence.

    Column k is centred on sample ``160 k + 80``: columns ``4 i .. 4 i + 3`` lie within video frame i. The level of the
    recording is taken out.
    """
    columns = frames * COLUMNS_PER_FRAME
    before = (_WINDOW - _HOP) // 2
    padded = np.zeros(before + columns * _HOP + _WINDOW, np.float32)
    kept = speech[: columns * _HOP]
    padded[before : before + len(kept)] = kept
    view = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:columns]  # [columns, 400]
    window = np.hanning(_WINDOW).astype(np.float32)
    power = np.abs(np.fft.rfft(view * window, _FFT).astype(np.complex64)) ** 2
    energies = np.log(power @ _filters().T + 1e-9)  # [columns, 40]
    loud = np.percentile(energies.mean(1), 95) if columns else 0.0
    heard: NDArray[np.float32] = (np.maximum(energies - loud, -_RANGE) / _RANGE).astype(np.float32)
    return heard
