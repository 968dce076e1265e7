"""Speech as another talker would say it: another pitch, vocal tract, pace and microphone.

Pitch and pace are changed by resampling and by joining overlapping pieces where they resemble each other (WSOLA: W.
Verhelst, M. Roelands, ICASSP 1993). The vocal tract is changed by moving the spectrum's envelope along the frequency axis,
as in vocal tract length perturbation (N. Jaitly, G. Hinton, ICML workshop 2013); the envelope is what is left of the log
spectrum when the pitch is smoothed away in the cepstrum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Waveform

__all__ = ["Voice", "random_voice", "spoken", "stretched"]

PIECE = 480
"""Samples of a piece that is moved as a whole: 30 ms, two periods of a deep voice."""
REACH = 128
"""How far a piece may be looked for from where it belongs, in samples: with both sides, a period of a voice of 62 Hz."""
POINTS = 512
"""Of the Fourier transform in which the envelope is moved."""
SMOOTH = 32
"""Cepstral coefficients of the envelope: 2 ms, shorter than the period of a high voice."""
LIMIT = 3.5
"""Largest change of a band, in nepers (30 dB)."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How a voice differs from the one that speaks.

    Attributes:
        pitch: factor of the fundamental frequency.
        tract: factor of the formants' frequencies; above one the vocal tract is shorter.
        microphone: change of the level of bands evenly spaced from 0 to 8 kHz, in nepers.
    """

    pitch: float = 1.0
    tract: float = 1.0
    microphone: tuple[float, ...] = (0.0, 0.0)


def random_voice(rng: np.random.Generator) -> Voice:
    """Return a random voice.

    ASSUMED: pitch from 0.75 to 1.9 times, further up than down since a recorded man is made into women and children more
    often than the other way; formants follow it (to the power 0.25: a woman's are a sixth higher at 1.8 times the pitch) and
    vary by 7 % besides; the microphone's bands by up to 5 dB (one deviation).
    """
    pitch = float(np.exp(rng.uniform(np.log(0.75), np.log(1.9))))
    tract = float(np.clip(pitch**0.25 * np.exp(0.07 * rng.standard_normal()), 0.75, 1.35))
    bands = rng.uniform(0.0, 0.6) * rng.standard_normal(6)
    return Voice(pitch, tract, tuple(float(band) for band in bands))


def stretched(speech: Waveform, samples: int) -> Waveform:
    """Return speech ``[N]`` said faster or slower, ``[samples]``, its pitch kept."""
    if samples == len(speech):
        return speech
    hop = PIECE // 2
    fade = np.sin(np.pi * (np.arange(PIECE) + 0.5) / PIECE) ** 2  # two of them, a hop apart, add up to one
    pieces = samples // hop + 2
    padded = np.pad(speech, (hop + REACH, PIECE + 2 * REACH + hop))
    places = (np.arange(pieces) * (hop * len(speech) / samples)).astype(int)
    said = np.zeros((pieces + 1) * hop)
    natural = REACH  # where the piece before goes on
    for number, place in enumerate(np.minimum(places, len(padded) - PIECE - 2 * REACH)):
        like = np.correlate(padded[place : place + hop + 2 * REACH], padded[natural : natural + hop])
        chosen = place + int(like.argmax())
        said[number * hop : number * hop + PIECE] += fade * padded[chosen : chosen + PIECE]
        natural = min(chosen + hop, len(padded) - PIECE)
    return said[hop : hop + samples].astype(np.float32)


def spoken(speech: Waveform, samples: int, voice: Voice) -> Waveform:
    """Return speech ``[N]`` in another voice and at another pace, ``[samples]``."""
    from scipy.signal import resample

    higher = resample(speech, max(PIECE, round(len(speech) / voice.pitch)))
    paced = stretched(np.asarray(higher, dtype=np.float32), samples)
    return _filtered(paced, voice.pitch / voice.tract, voice.microphone)


def _filtered(speech: Waveform, move: float, microphone: tuple[float, ...]) -> Waveform:
    """Return speech whose envelope at a frequency is what it was at ``move`` times that, as a microphone hears it."""
    hop = POINTS // 2
    window = np.sin(np.pi * (np.arange(POINTS) + 0.5) / POINTS)  # before and after: squared, they add up to one
    count = len(speech) // hop + 2
    padded = np.pad(speech, (hop, (count + 1) * hop - len(speech) - hop))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, POINTS)[::hop] * window
    spectrum = np.fft.rfft(pieces, axis=1)  # [T, 257]
    envelope = _envelope(spectrum)
    bins = np.arange(envelope.shape[1])
    place = np.minimum(bins * move, bins[-1])
    low = np.minimum(place.astype(int), bins[-1] - 1)
    moved = envelope[:, low] + (place - low) * (envelope[:, low + 1] - envelope[:, low])
    hears = np.interp(bins, np.linspace(0, bins[-1], len(microphone)), microphone)
    spectrum *= np.exp(np.clip(moved - envelope, -LIMIT, LIMIT) + hears)
    heard = np.fft.irfft(spectrum, axis=1) * window
    said = np.zeros((len(heard) + 1, hop))
    said[:-1] += heard[:, :hop]
    said[1:] += heard[:, hop:]
    return said.ravel()[hop : hop + len(speech)].astype(np.float32)


def _envelope(spectrum: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Return the log magnitude's envelope: the first ``SMOOTH`` cepstral coefficients."""
    power = spectrum.real**2 + spectrum.imag**2
    cepstrum = np.fft.irfft(0.5 * np.log(power + 1e-8 * (1e-4 + power.max())), axis=1)
    cepstrum[:, SMOOTH : POINTS - SMOOTH + 1] = 0.0
    return np.fft.rfft(cepstrum, axis=1).real
