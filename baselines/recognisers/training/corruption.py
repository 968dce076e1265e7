"""The corruption that recognisers are trained on: AV-RelScore's, on mouth crops.

Differences from the published training corruption, all on purpose: patches are centred near the landmark they hide
(the released code swaps x and y there) and are 24-60 pixels wide on the 96 pixel field, since an occluder of the test
generator (30 pixels of a 160 pixel frame) is some 50 pixels there; one utterance in six keeps clean speech; babble
comes from 4 to 30 other clips.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Waveform
from syncbench.corruptions import audio, visual
from syncbench.corruptions.corruption import Voices

__all__ = ["SNRS", "corrupt_mouths", "corrupt_speech"]

SNRS = (-5.0, 0.0, 5.0, 10.0, 15.0)


def corrupt_speech(speech: Waveform, others: Voices, rng: np.random.Generator) -> Waveform:
    """Return speech ``[N]`` in babble at one of ``SNRS``, half of the time with four spans (each under N/8) silent."""
    mixed = speech
    if rng.random() > 1 / 6 and np.any(speech):
        noise = audio.babble(others, len(speech), int(rng.integers(4, 31)), rng)
        mixed, _ = audio.mix(speech, noise, float(rng.choice(SNRS)))
    if rng.random() < 0.5:
        mixed = mixed.copy()
        for _ in range(4):
            length = int(rng.integers(1, max(2, len(speech) // 8)))
            start = int(rng.integers(len(speech) - length + 1))
            mixed[start : start + length] = 0.0
    return mixed


def corrupt_mouths(mouths: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return mouths ``[T, S, S]`` with occluded and with noisy or blurred spans, each with its own spans; p = 0.8."""
    count, side = mouths.shape[:2]
    if rng.random() > 0.8 or count < visual.SHORTEST:
        return mouths
    frames = mouths[..., None]
    spans = visual.segments(count, rng, single=(0.1, 0.5))
    patches = [visual.random_patch(round(side * rng.uniform(24, 60) / 96), rng).grey() for _ in spans]
    # The crop is centred on the mouth, which spans about half of it.
    centres = side * (0.5 + rng.uniform((-0.25, -0.15), (0.25, 0.15), (len(spans), 1, 2)))
    frames, _ = visual.occlude(frames, np.repeat(centres, count, axis=1), patches, spans)
    for span in visual.segments(count, rng, single=(0.1, 0.5)):
        kind = rng.random()
        part = frames[span.start : span.stop]
        if kind < 0.3:
            part = visual.gaussian_noise(part, float(rng.uniform(0.0, 0.2)), rng)
        elif kind < 0.6:
            part = visual.blur(part, float(rng.uniform(0.1, 2.0)), radius=3)
        frames[span.start : span.stop] = part
    return frames[..., 0]
