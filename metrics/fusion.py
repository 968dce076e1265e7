"""What seeing adds to hearing: fusion gain, effective SNR gain, and the cost in time.

These compare several runs, so they are functions on scores and counts, not plugins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from syncbench.clip import FPS
from syncbench.statistics.resampling import draws, interval

__all__ = [
    "EffectiveGain",
    "effective_snr_gain",
    "effective_snr_gain_interval",
    "fusion_gain",
    "non_increasing",
    "real_time_factor",
]

Curve = NDArray[np.float64]


def fusion_gain(audio: float, video: float, audio_visual: float) -> float:
    """Return how far the audio-visual error rate is below the better single stream's: ``min(A, V) - AV``.

    Negative: fusion harms, as AV-RelScore's first experiment found under corruption of both streams (arXiv 2303.08536).
    """
    return min(audio, video) - audio_visual


@dataclass(frozen=True, slots=True)
class EffectiveGain:
    """How many dB of noise vision is worth.

    Attributes:
        value: dB; the bound where censored.
        target: the audio-only error rate that is to be matched.
        censored: ``at least`` where the audio-visual error is below the target at the lowest SNR measured, ``at most``
            where it is above it at the highest; empty where the grid holds the answer.
    """

    value: float
    target: float
    censored: Literal["", "at least", "at most"] = ""


def effective_snr_gain(
    snrs: Sequence[float], audio: Sequence[float], audio_visual: Sequence[float], at: float = 0.0
) -> EffectiveGain:
    """Return ``at`` minus the SNR at which the audio-visual error equals the audio-only error at ``at`` dB.

    After Lin and Harte (ICASSP 2025, arXiv 2412.17129). Their interpolation is not published; here both curves are first
    made non-increasing in SNR (pool adjacent violators) and then taken as straight between the measured points.

    Args:
        snrs: dB, at least two, any order. audio, audio_visual: error rates at these SNRs.

    Raises:
        ValueError: lengths differ, fewer than two SNRs, or ``at`` outside of them.
    """
    order = np.argsort(np.asarray(snrs, dtype=np.float64))
    if not len(order) == len(audio) == len(audio_visual) or len(order) < 2:
        raise ValueError("error rates at two or more SNRs are needed, as many of both systems")
    levels = np.asarray(snrs, dtype=np.float64)[order]
    if not levels[0] <= at <= levels[-1]:
        raise ValueError(f"{at} dB is outside the measured {levels[0]}..{levels[-1]} dB")
    heard, both = (non_increasing(np.asarray(rates, dtype=np.float64)[order]) for rates in (audio, audio_visual))
    target = float(np.interp(at, levels, heard))
    if both[0] < target:
        return EffectiveGain(at - float(levels[0]), target, "at least")
    if both[-1] > target:
        return EffectiveGain(at - float(levels[-1]), target, "at most")
    # The lowest SNR at which the falling curve has come down to the target.
    after = int(np.argmax(both <= target))
    if after == 0:
        crossing = float(levels[0])
    else:
        share = (both[after - 1] - target) / (both[after - 1] - both[after])
        crossing = float(levels[after - 1] + share * (levels[after] - levels[after - 1]))
    return EffectiveGain(at - crossing, target)


def effective_snr_gain_interval(
    snrs: Sequence[float],
    audio: NDArray[np.integer],
    audio_visual: NDArray[np.integer],
    groups: Sequence[str],
    at: float = 0.0,
    seed: int = 0,
    resamples: int = 1000,
) -> tuple[float, float]:
    """Return a 95 % percentile interval of the effective SNR gain, clips resampled by their groups.

    Args:
        audio, audio_visual: errors and words of each clip at each SNR, ``[len(snrs), clips, 2]``.
        groups: of each clip; an empty group stands alone.

    Censored resamples count with their bound, so an interval that reaches the end of the grid says no more than that.
    """
    gains: list[float] = []
    for weight in draws(groups, resamples, seed):
        sums = [np.einsum("scf,c->sf", counts, weight) for counts in (audio, audio_visual)]
        if all((s[:, 1] > 0).all() for s in sums):
            rates = [(s[:, 0] / s[:, 1]).tolist() for s in sums]
            gains.append(effective_snr_gain(snrs, rates[0], rates[1], at).value)
    bounds = interval(gains)
    return (bounds.low, bounds.high) if bounds else (math.nan, math.nan)


def non_increasing(values: Curve) -> Curve:
    """Return the least-squares non-increasing fit of ``values [n]`` (pool adjacent violators).

    >>> non_increasing(np.array([3.0, 1.0, 2.0]))
    array([3. , 1.5, 1.5])
    """
    return np.asarray(isotonic_regression(values, increasing=False).x)


def real_time_factor(seconds: float, frames: int) -> float:
    """Return seconds of computing per second of clip: below 1 is faster than real time."""
    return seconds * FPS / frames
