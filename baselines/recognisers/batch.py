"""Batches of recognisers: mouths and waveforms of several clips, padded to the longest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.clip import SAMPLES_PER_FRAME

__all__ = ["batch_tensors"]


def batch_tensors(
    mouths: Sequence[NDArray[np.float32]] | None, speech: Sequence[NDArray[np.float32]] | None
) -> tuple[Tensor | None, Tensor | None, Tensor]:
    """Return padded mouths ``[B, T, S, S]``, waveforms ``[B, 640 T]`` and lengths in frames ``[B]``.

    ``mouths`` are normalised crops, ``speech`` normalised waveforms of whole frames; either may be None.
    """
    if mouths is not None:
        counts = [len(m) for m in mouths]
    elif speech is not None:
        counts = [len(s) // SAMPLES_PER_FRAME for s in speech]
    else:
        raise ValueError("mouths or speech must be given")
    longest = max(counts)
    video = audio = None
    if mouths is not None:
        video = torch.zeros(len(mouths), longest, *mouths[0].shape[1:])
        for row, m in zip(video, mouths, strict=True):
            row[: len(m)] = torch.from_numpy(m)
    if speech is not None:
        audio = torch.zeros(len(speech), longest * SAMPLES_PER_FRAME)
        for wave, s in zip(audio, speech, strict=True):
            wave[: len(s)] = torch.from_numpy(s)
    return video, audio, torch.tensor(counts)
