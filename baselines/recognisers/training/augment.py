"""What the recognisers see and hear in training: corrupted, cropped, flipped, blanked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from syncbench.baselines.recognisers.inputs import normalise_speech
from syncbench.baselines.recognisers.training.corpus import Example
from syncbench.baselines.recognisers.training.corruption import corrupt_speech
from syncbench.clip import SAMPLES_PER_FRAME, Waveform

__all__ = ["Voices", "augmented", "heard"]


def augmented(mouths: NDArray[np.uint8], side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a random crop, flipped half of the time, normalised, with up to 15 frames and one square blanked."""
    margin = mouths.shape[-1] - side
    top, left = (int(rng.integers(margin + 1)) for _ in range(2))
    crop = mouths[:, top : top + side, left : left + side].astype(np.float32)
    if rng.random() < 0.5:
        crop = crop[..., ::-1]
    picture = (crop * np.float32(rng.uniform(0.85, 1.15) / 255.0) - np.float32(0.421)) / np.float32(0.165)
    length = int(rng.integers(min(15, len(mouths) // 3) + 1))
    start = int(rng.integers(len(mouths) - length + 1))
    picture[start : start + length] = 0.0
    if rng.random() < 0.5:
        hole = int(side * rng.uniform(0.25, 0.5))
        y, x = (int(rng.integers(side - hole + 1)) for _ in range(2))
        picture[:, y : y + hole, x : x + hole] = 0.0
    return np.ascontiguousarray(picture)


class Voices:
    """The examples' speech, read one by one."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int, /) -> Waveform:
        return self.examples[index].wave()


def heard(speech: Waveform, voices: Voices, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return speech, corrupted and normalised."""
    wave = corrupt_speech(speech, voices, rng)
    return normalise_speech(wave, len(wave) // SAMPLES_PER_FRAME)
