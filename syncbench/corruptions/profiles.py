"""Named mixtures of corruptions, by stream.

``avrelscore.*`` are the three visual sets of AV-RelScore's test generator (arXiv 2303.08536): occluded spans, noisy or
blurred spans, and both. ``lrs-voxmm-style.*`` follow the four distorted versions of LRS-VoxMM (arXiv 2604.27866) in kind
only: **its ranges are not published, and every range below is ASSUMED**. Scores under them are not scores on LRS-VoxMM.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ALIASES", "AUDIO", "VISUAL", "AudioProfile", "VisualProfile"]


@dataclass(frozen=True, slots=True)
class VisualProfile:
    """Spans that are occluded, and spans with Gaussian noise or blur (half each), as in AV-RelScore's generator."""

    occlusion: bool
    noise: bool
    version: int = 1


@dataclass(frozen=True, slots=True)
class AudioProfile:
    """Ranges from which each clip's distortion is drawn evenly.

    Attributes:
        snr: dB, of white, pink, speech-shaped noise or babble of 12 talkers (a quarter each).
        rt60: seconds; None without reverberation, which comes before the noise.
        band: Hz of the low pass; None without, which comes last.
    """

    snr: tuple[float, float]
    rt60: tuple[float, float] | None = None
    band: tuple[float, float] | None = None
    version: int = 1


VISUAL = {
    "avrelscore.occlusion": VisualProfile(occlusion=True, noise=False),
    "avrelscore.noise": VisualProfile(occlusion=False, noise=True),
    "avrelscore.both": VisualProfile(occlusion=True, noise=True),
}

# ASSUMED, all four: the corpus names its distortions and not their ranges.
AUDIO = {
    "lrs-voxmm-style.noise-easy": AudioProfile(snr=(5.0, 15.0)),
    "lrs-voxmm-style.noise-hard": AudioProfile(snr=(-5.0, 5.0)),
    "lrs-voxmm-style.combined-easy": AudioProfile(snr=(5.0, 15.0), rt60=(0.2, 0.4), band=(4000.0, 7000.0)),
    "lrs-voxmm-style.combined-hard": AudioProfile(snr=(-5.0, 5.0), rt60=(0.4, 0.8), band=(2000.0, 4000.0)),
}

ALIASES = {
    "occlusion": "avrelscore.occlusion",
    "noise": "avrelscore.noise",
    "both": "avrelscore.both",
    **{name.partition(".")[2]: name for name in AUDIO},
}
"""Short names and what they stand for."""
