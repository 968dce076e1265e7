"""What a mouth says, read from the video alone."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from syncbench.baselines.evaluators.landmarks.finder import FACE_LIMITS, MOUTH_SIDE, MOUTHS, SEEN, find_landmarks
from syncbench.baselines.evaluators.lipreader.vocabulary import KNOWN_WORDS, SENTENCE
from syncbench.clip import Frames
from syncbench.errors import ClipError
from syncbench.feature import Feature
from syncbench.features.evaluators import LIPS_SEEN, LipReader, check_lips, value_of
from syncbench.features.mouths import crop_mouths
from syncbench.files import file_hash

if TYPE_CHECKING:
    from torch import Tensor

    from syncbench.baselines.evaluators.lipreader.network import LipReader as Network

__all__ = ["LIP_HYPOTHESIS", "WEIGHTS", "lipreader", "read_lips", "read_mouths", "spell_mouths"]

WEIGHTS = Path(__file__).with_name("weights.safetensors")
_SHORTEST = 5  # frames


@lru_cache(maxsize=2)
def _network(path: Path = WEIGHTS) -> Network:
    import torch

    from syncbench.baselines.checkpoint import load_tensors
    from syncbench.baselines.evaluators.lipreader.network import LipReader as Network

    network = Network()
    network.load_state_dict(load_tensors(path))
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def _scores(mouths: NDArray[np.uint8], weights: Path) -> tuple[Tensor, Tensor]:
    """Return log-probabilities of characters [2 T, 39] and of known words [T, 52]."""
    import torch

    from syncbench.baselines.evaluators.expert.network import standardise

    if len(mouths) < _SHORTEST:
        raise ClipError(f"{len(mouths)} frames; the lip reader needs at least {_SHORTEST}")
    with torch.inference_mode():
        letters, words, _ = _network(weights)(standardise(torch.from_numpy(mouths).float()[None]))
    return letters[0], words[0]


def read_mouths(mouths: NDArray[np.uint8], weights: Path = WEIGHTS) -> str:
    """Return the words read from grey mouth crops, uint8 [T, 64, 64], in capitals.

    The most likely sentence of GRID (``SENTENCE``): six words in their order, and no others are ever read.

    Raises:
        ClipError: fewer than 5 frames.
    """
    from syncbench.baselines.evaluators.lipreader.network import decode_words

    _, words = _scores(mouths, weights)
    return decode_words(words.numpy())


def spell_mouths(mouths: NDArray[np.uint8], weights: Path = WEIGHTS) -> str:
    """Return what is spelled from grey mouth crops, uint8 [T, 64, 64]: greedy CTC over characters, so any word may come.

    Another protocol than :func:`read_mouths`: never compare the two.

    Raises:
        ClipError: fewer than 5 frames.
    """
    from syncbench.baselines.evaluators.lipreader.network import spell

    letters, _ = _scores(mouths, weights)
    return spell(letters.argmax(-1))


def read_lips(frames: Frames) -> str:
    """Return the words read from a face's video, uint8 [T, H, W, 3] RGB at 25 fps, in capitals: see :func:`read_mouths`.

    Raises:
        ClipError: fewer than 5 frames.
    """
    return read_mouths(crop_mouths(frames, find_landmarks(frames), MOUTH_SIDE))


def _hypothesis(mouths: NDArray[np.uint8], seen: NDArray[np.bool_]) -> NDArray[np.uint8]:
    check_lips(seen)
    return value_of(read_mouths(mouths))


LIP_HYPOTHESIS = Feature(
    f"lip_hypothesis[lipreader@{file_hash(WEIGHTS)[:8]}]",
    _hypothesis,
    needs=(MOUTHS, SEEN),
    version=3,
    weights=file_hash(WEIGHTS),
    stored=True,
)
"""The words read from a clip's mouth, as the bytes of UTF-8 text, uint8 ``[n]``: caches keep arrays."""


def lipreader() -> LipReader:
    """The bundled lip reader: it reads GRID's sentences and no others."""
    return LipReader(
        label=f"lipreader@{LIP_HYPOTHESIS.weights[:8]}",
        decoding="ctc-grid-sentence",
        vocabulary=f"grid-{len(KNOWN_WORDS) - 1}",
        words=frozenset(KNOWN_WORDS),
        sentence=tuple(map(frozenset, SENTENCE)),
        hypothesis=LIP_HYPOTHESIS,
        limits=f"{FACE_LIMITS},seen:{LIPS_SEEN:g}",
    )
