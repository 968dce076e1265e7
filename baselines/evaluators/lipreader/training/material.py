"""Mouths that say known texts, and what the trunk sees of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from syncbench.baselines.evaluators.expert.network import MOUTH, standardise
from syncbench.baselines.evaluators.lipreader.network import BLANK, LipReader
from syncbench.baselines.evaluators.lipreader.vocabulary import KNOWN_WORDS
from syncbench.baselines.evaluators.training.mouths import augment_mouths
from syncbench.baselines.training.precision import mixed_precision
from syncbench.clip import FPS, Word

__all__ = ["Material", "look_at", "words_said"]


@dataclass(frozen=True)
class Material:
    """Cached mouths [N, 96, 96] of many clips, where each begins, what it says, and which known word each frame says."""

    mouths: NDArray[np.uint8]
    starts: NDArray[np.int64]
    texts: tuple[str, ...]
    said: NDArray[np.int64]


def words_said(starts: NDArray[np.int64], words: Sequence[Sequence[Word]]) -> NDArray[np.int64]:
    """Return the known word that is said in each frame [N]: 0 in silence, -1 for unknown words and clips without times."""
    said = np.full(int(starts[-1]), -1)
    for first, last, spoken in zip(starts[:-1].tolist(), starts[1:].tolist(), words, strict=True):
        if not spoken:
            continue
        said[first:last] = BLANK
        for word in spoken:
            a, b = first + round(word.start * FPS), first + round(word.end * FPS)
            known = KNOWN_WORDS.index(word.text) if word.text in KNOWN_WORDS else -1
            said[a : min(b, last)] = known
    return said


def look_at(model: LipReader, material: Material, versions: int, seed: int) -> NDArray[np.float16]:
    """Return the trunk's view of every frame under ``versions`` augmentations, float16 [versions, N, 256].

    Training the words on these costs a hundredth of running the trunk each time.
    """
    rng = torch.Generator().manual_seed(seed)
    views = np.empty((versions, len(material.mouths), 256), np.float16)
    learning = model.training
    model.eval()
    with torch.inference_mode(), mixed_precision("cpu"):
        for version in range(versions):
            for a, b in zip(material.starts[:-1].tolist(), material.starts[1:].tolist(), strict=True):
                crops = torch.from_numpy(np.array(material.mouths[a:b])).float()[None]
                views[version, a:b] = model.look(standardise(augment_mouths(crops, rng, MOUTH)))[0].half().numpy()
    model.train(learning)
    return views
