"""Named mixtures of corruptions, by stream. A row each.

``avrelscore.*`` are the three visual sets of AV-RelScore's test generator (arXiv 2303.08536): occluded spans, noisy or
blurred spans, and both. ``lrs-voxmm-style.*`` follow the four distorted versions of LRS-VoxMM (arXiv 2604.27866) in kind
only: **its ranges are not published, and every range below is ASSUMED**. Scores under them are not scores on LRS-VoxMM.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from syncbench.corruptions import noise
from syncbench.corruptions.corruption import Corruption, Part, Scene
from syncbench.corruptions.picture import noise_or_blur, occlude_mouth

__all__ = [
    "AVRELSCORE_BOTH",
    "AVRELSCORE_NOISE",
    "AVRELSCORE_OCCLUSION",
    "COMBINED_EASY",
    "COMBINED_HARD",
    "NOISE_EASY",
    "NOISE_HARD",
]

TALKERS = 12
_NOISES = (noise.WHITE, noise.PINK, noise.SPEECH_SHAPED, noise.BABBLE)  # in this order: draws depend on it


def _noisy(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    return noise_or_blur(scene, rng)


def _both(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
    return noise_or_blur(occlude_mouth(scene, part, rng), rng)


def _visual(
    name: str, summary: str, apply: Callable[[Scene, Part, np.random.Generator], Scene], needs: str = ""
) -> Corruption:
    return Corruption(f"avrelscore.{name}", "visual", summary, apply, alias=name, needs=frozenset({needs} - {""}))


AVRELSCORE_OCCLUSION = _visual(
    "occlusion", "generated objects over the mouth in 30-50 % of the frames, following it", occlude_mouth, "landmarks"
)
AVRELSCORE_NOISE = _visual("noise", "noisy or blurred spans", _noisy)
AVRELSCORE_BOTH = _visual("both", "occluded spans, and noisy or blurred ones", _both, "landmarks")


def _audio(
    name: str,
    snr: tuple[float, float],
    rt60: tuple[float, float] | None = None,
    band: tuple[float, float] | None = None,
) -> Corruption:
    """Return the row that draws each clip's distortion evenly from ranges.

    Args:
        snr: dB, of white, pink, speech-shaped noise or babble of 12 talkers (a quarter each).
        rt60: seconds; None without reverberation, which comes before the noise.
        band: Hz of the low pass; None without, which comes last.
    """

    def apply(scene: Scene, part: Part, rng: np.random.Generator) -> Scene:
        steps: list[tuple[Corruption, Part]] = []
        if rt60:
            steps.append((noise.REVERB, Part("reverb", float(rng.uniform(*rt60)))))
        row = _NOISES[int(rng.integers(len(_NOISES)))]
        steps.append((row, Part(row.name, float(rng.uniform(*snr)), talkers=TALKERS)))
        if band:
            steps.append((noise.BAND, Part("band", float(rng.uniform(*band)))))
        scene = scene.heard(scene.speech, noise=row.name)
        for corruption, step in steps:
            scene = corruption.apply(scene, step, rng)
        return scene

    said = [f"noise at {snr[0]:g}..{snr[1]:g} dB"]
    said += [f"reverberation of {rt60[0]:g}..{rt60[1]:g} s"] if rt60 else []
    said += [f"nothing above {band[0]:g}..{band[1]:g} Hz"] if band else []
    summary = f"{', '.join(said)}, drawn for each clip (ASSUMED ranges)"
    return Corruption(
        f"lrs-voxmm-style.{name}", "audio", summary, apply, alias=name, needs=frozenset({"voices"}), version=2
    )


# ASSUMED, all four: the corpus names its distortions and not their ranges.
NOISE_EASY = _audio("noise-easy", snr=(5.0, 15.0))
NOISE_HARD = _audio("noise-hard", snr=(-5.0, 5.0))
COMBINED_EASY = _audio("combined-easy", snr=(5.0, 15.0), rt60=(0.2, 0.4), band=(4000.0, 7000.0))
COMBINED_HARD = _audio("combined-hard", snr=(-5.0, 5.0), rt60=(0.4, 0.8), band=(2000.0, 4000.0))
