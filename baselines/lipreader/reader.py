"""What a mouth says, read from the video alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench.baselines.landmarks import MOUTHS, find_landmarks
from syncbench.contracts import Clip, Feature, Frames
from syncbench.errors import ClipError
from syncbench.features.core import file_hash
from syncbench.features.mouths import crop_mouths

if TYPE_CHECKING:
    from torch import Tensor

    from syncbench.baselines.lipreader.network import LipReader

__all__ = ["LIP_HYPOTHESIS", "WEIGHTS", "LipHypothesis", "read_lips", "read_mouths", "spell_mouths"]

WEIGHTS = Path(__file__).with_name("weights.safetensors")
_SHORTEST = 5  # frames


@lru_cache(maxsize=2)
def _network(path: Path = WEIGHTS) -> LipReader:
    import torch
    from safetensors.torch import load_file

    from syncbench.baselines.lipreader.network import LipReader

    network = LipReader()
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()})
    network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def _scores(mouths: NDArray[np.uint8], weights: Path) -> tuple[Tensor, Tensor]:
    """Return log-probabilities of characters [2 T, 39] and of known words [T, 52]."""
    import torch

    from syncbench.baselines.expert.network import standardise

    if len(mouths) < _SHORTEST:
        raise ClipError(f"{len(mouths)} frames; the lip reader needs at least {_SHORTEST}")
    with torch.inference_mode():
        letters, words, _ = _network(weights)(standardise(torch.from_numpy(mouths).float()[None]))
    return letters[0], words[0]


def read_mouths(mouths: NDArray[np.uint8], weights: Path = WEIGHTS) -> str:
    """Return the words read from grey mouth crops, uint8 [T, 64, 64], in capitals.

    Greedy CTC over the words of ``KNOWN_WORDS``, GRID's 51: no others are ever read.

    Raises:
        ClipError: fewer than 5 frames.
    """
    from syncbench.baselines.lipreader.network import decode_words

    _, words = _scores(mouths, weights)
    return decode_words(words.argmax(-1))


def spell_mouths(mouths: NDArray[np.uint8], weights: Path = WEIGHTS) -> str:
    """Return what is spelled from grey mouth crops, uint8 [T, 64, 64]: greedy CTC over characters, so any word may come.

    Another protocol than :func:`read_mouths`: never compare the two.

    Raises:
        ClipError: fewer than 5 frames.
    """
    from syncbench.baselines.lipreader.network import spell

    letters, _ = _scores(mouths, weights)
    return spell(letters.argmax(-1))


def read_lips(frames: Frames) -> str:
    """Return the words read from a face's video, uint8 [T, H, W, 3] RGB at 25 fps, in capitals: see :func:`read_mouths`.

    Raises:
        ClipError: fewer than 5 frames.
    """
    return read_mouths(crop_mouths(frames, find_landmarks(frames), MOUTHS.size))


@dataclass(frozen=True)
class LipHypothesis:
    """The words read from a clip's mouth, as the bytes of UTF-8 text, uint8 [n]: caches keep arrays."""

    version: int = 2
    needs: tuple[Feature, ...] = (MOUTHS,)
    stored: bool = True

    @property
    def name(self) -> str:
        return f"lip_hypothesis[lipreader@{self.weights[:8]}]"

    @property
    def weights(self) -> str:
        return file_hash(WEIGHTS)

    def compute(self, clip: Clip, *needs: Any) -> NDArray[np.uint8]:
        (mouths,) = needs
        try:
            return np.frombuffer(read_mouths(mouths).encode(), np.uint8).copy()
        except ClipError as error:
            raise ClipError(f"{clip.id}: {error}") from error


LIP_HYPOTHESIS = LipHypothesis()
