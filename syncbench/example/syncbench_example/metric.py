"""A metric: how far the spectrum of speech is from that of the real speech, in decibels, whole and by band.

The log-spectral distance: the root mean square, over frequencies, of the difference in dB, averaged over frames.
Source: A. H. Gray and J. D. Markel, "Distance measures for speech processing", IEEE TASSP 24(5), 1976.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import stft

from syncbench.clip import SAMPLE_RATE, Waveform
from syncbench.errors import ClipError
from syncbench.feature import Feature, Features
from syncbench.features.speech import SPEECH
from syncbench.measurement import Ratios
from syncbench.metric import Measured, Metric, ScoreSpec

BANDS = {"low": (0, 1000), "middle": (1000, 3000), "high": (3000, 8000)}
"""Band -> its limits in Hz."""
FLOOR = -60.0
"""Nothing is quieter, in dB: digital silence would be infinitely far from everything."""


def spectrum(speech: Waveform) -> NDArray[np.float32]:
    """Return the spectrum in dB, float32 ``[T, 257]``, of speech ``[N]``: frames of 32 ms, every 10 ms."""
    _, _, found = stft(speech, SAMPLE_RATE, nperseg=512, noverlap=352, boundary=None)
    decibels: NDArray[np.float32] = np.maximum(20 * np.log10(np.abs(found.T) + 1e-9), FLOOR).astype(np.float32)
    return decibels


def log_spectral_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the distance of each frame in dB, float64 ``[T]``, of two spectra in dB, ``[T, F]``.

    >>> log_spectral_distance(np.zeros((2, 3)), np.full((2, 3), 6.0))
    array([6., 6.])
    """
    distance: NDArray[np.float64] = np.sqrt(np.square(a.astype(np.float64) - b).mean(axis=1))
    return distance


SPECTRUM = Feature("spectrum", spectrum, needs=(SPEECH,))


def _spec(name: str, title: str, summary: str) -> ScoreSpec:
    headline = name == "spectral_distance"
    return ScoreSpec(
        name, title, "dB", "lower", (0.0, None), True, "Gray & Markel 1976", summary, digits=2, headline=headline
    )


class SpectralDistance(Metric):
    """How far the spectrum is from that of the real speech."""

    name = "spectral_distance"
    inputs = frozenset({"speech"})
    features = (SPECTRUM,)
    settings = {"window": "32ms", "hop": "10ms"}
    scores = (
        _spec("spectral_distance", "LSD", "log-spectral distance to the real speech"),
        *(_spec(f"distance_{band}", f"LSD {band}", f"the same from {a} to {b} Hz") for band, (a, b) in BANDS.items()),
    )

    def measure(self, reference: Features, output: Features) -> Measured:
        real, made = reference[SPECTRUM], output[SPECTRUM]
        if not real.size:
            raise ClipError("the speech is shorter than one frame of 32 ms")
        count = min(len(real), len(made))
        hertz = np.linspace(0, SAMPLE_RATE / 2, real.shape[1])
        whole = log_spectral_distance(real[:count], made[:count])
        sums = {"spectral_distance": (float(whole.sum()), count)}
        for band, (low, high) in BANDS.items():
            inside = (hertz >= low) & (hertz < high)
            found = log_spectral_distance(real[:count, inside], made[:count, inside])
            sums[f"distance_{band}"] = (float(found.sum()), count)
        return Measured(Ratios(sums), {"spectral_distance": whole})
