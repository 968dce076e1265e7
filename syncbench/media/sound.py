"""Sound in a stream: mixed down to mono, and brought to 16 kHz."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from numpy.typing import NDArray

from syncbench.clip import SAMPLE_RATE

__all__ = ["Resampler", "energy", "float_format", "floats", "mix"]

_BLOCK = 1 << 16  # samples given to the resampler at once, at the most


def floats(frame: AudioFrame) -> NDArray[np.float32]:
    """Return the samples of a frame of 32-bit floats, float32 ``[channels, N]``."""
    samples = frame.to_ndarray().astype(np.float32, copy=False)
    return samples if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels).T


def float_format(layout: AudioLayout) -> str:
    """Return the form to have samples in: planes, as most codecs give them; PyAV 18 crashes on eight of them."""
    return "fltp" if layout.nb_channels <= 2 else "flt"


@lru_cache(maxsize=64)
def _gains(layout: str, channels: int) -> NDArray[np.float32]:
    """Return how much of each channel goes into mono, float32 ``[channels]``.

    As FFmpeg mixes down to 16 bit (``-ac 1``): the mean of two channels; of more, the centre counts most and the bass
    channel is left out. FFmpeg itself is asked, with a sample that sounds in one channel after the other.
    """
    if channels > 2:
        try:
            one_each = AudioFrame.from_ndarray(np.eye(channels, dtype=np.float32).reshape(1, -1), "flt", layout)
            one_each.sample_rate = SAMPLE_RATE
            mixed = floats(av.AudioResampler(format="flt", layout="mono").resample(one_each)[0])[0]
            return np.asarray(mixed / max(1, np.abs(mixed).sum()), np.float32)
        except (av.error.FFmpegError, ValueError):
            pass  # a layout that FFmpeg cannot mix: the mean, too
    return np.full(channels, 1 / channels, np.float32)


def mix(samples: NDArray[np.float32], layout: str) -> NDArray[np.float32]:
    """Mix ``[channels, N]`` down to mono ``[N]``."""
    return samples[0] if len(samples) == 1 else _gains(layout, len(samples)) @ samples


def energy(samples: NDArray[np.float32], layout: str) -> float:
    """Return the energy that channels ``[channels, N]`` hold themselves, each as much as it counts: of two, the mean."""
    weighted = (samples * _gains(layout, len(samples))[:, None]).ravel()
    return len(samples) * float(np.dot(weighted, weighted))


class Resampler:
    """Brings mono samples to 16 kHz by FFmpeg's resampler, some at a time, without delay in the result."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)

    def __call__(self, samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Yield what can be said after ``samples``."""
        if self._rate == SAMPLE_RATE:
            yield samples
            return
        for at in range(0, len(samples), _BLOCK):
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, at : at + _BLOCK]), "flt", "mono")
            frame.sample_rate = self._rate
            yield from self._results(frame)

    def finish(self) -> Iterator[NDArray[np.float32]]:
        """Yield what is left at the end."""
        if self._rate != SAMPLE_RATE:
            yield from self._results(None)

    def _results(self, frame: AudioFrame | None) -> Iterator[NDArray[np.float32]]:
        for result in self._resampler.resample(frame):
            yield floats(result)[0]
