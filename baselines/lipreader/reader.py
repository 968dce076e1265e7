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
    from syncbench.baselines.lipreader.network import LipReader

__all__ = ["LIP_HYPOTHESIS", "WEIGHTS", "LipHypothesis", "read_lips", "read_mouths"]

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


def read_mouths(mouths: NDArray[np.uint8], weights: Path = WEIGHTS) -> str:
    """Return the words read from grey mouth crops, uint8 [T, 64, 64], in capitals; greedy CTC, no language model.

    Raises:
        ClipError: fewer than 5 frames.
    """
    import torch

    from syncbench.baselines.expert.network import standardise
    from syncbench.baselines.lipreader.network import decode_greedy

    if len(mouths) < _SHORTEST:
        raise ClipError(f"{len(mouths)} frames; the lip reader needs at least {_SHORTEST}")
    with torch.inference_mode():
        scores = _network(weights)(standardise(torch.from_numpy(mouths).float()[None]))
    return decode_greedy(scores[0].argmax(-1))


def read_lips(frames: Frames) -> str:
    """Return the words read from a face's video, uint8 [T, H, W, 3] RGB at 25 fps, in capitals.

    Raises:
        ClipError: fewer than 5 frames.
    """
    return read_mouths(crop_mouths(frames, find_landmarks(frames), MOUTHS.size))


@dataclass(frozen=True)
class LipHypothesis:
    """The words read from a clip's mouth, as the bytes of UTF-8 text, uint8 [n]: caches keep arrays."""

    version: int = 1
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
