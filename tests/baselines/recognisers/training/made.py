"""Clips made up for training recognisers: noise that says three words."""

from __future__ import annotations

import numpy as np

from syncbench.baselines.recognisers.training.corpus import Example
from syncbench.clip import SAMPLES_PER_FRAME, Word

__all__ = ["examples"]


def examples(count: int = 12, frames: int = 32) -> list[Example]:
    """Return clips of 1.28 s or another length, whose words are said in their first 1.1 s."""
    rng = np.random.default_rng(0)
    made = []
    for i in range(count):
        words = (Word("BIN", 0.1, 0.4), Word("RED" if i % 2 else "BLUE", 0.4, 0.8), Word("NOW", 0.8, 1.1))
        speech = (2000 * rng.standard_normal(frames * SAMPLES_PER_FRAME)).astype(np.int16)
        mouths = rng.integers(0, 256, (frames, 24, 24)).astype(np.uint8)
        made.append(Example(mouths, speech, " ".join(w.text for w in words), words))
    return made
