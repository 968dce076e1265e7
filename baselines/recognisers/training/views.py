"""What frozen front ends make of clips, stored: several versions of each clip, corrupted and augmented differently.

A step on stored features costs a fraction of one on pixels. The first version of each stream is the clip as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor, nn

from syncbench.baselines.recognisers.training.corpus import Example
from syncbench.baselines.training.precision import mixed_precision

__all__ = ["View", "store_views"]

View = NDArray[np.float16]
"""Features of all clips laid end to end, ``[frames, C]``."""


def store_views(
    front: nn.Module,
    channels: int,
    examples: Sequence[Example],
    seen: Callable[[Example, np.random.Generator | None], NDArray[np.float32]],
    stem: Path,
    versions: int,
    seed: int,
    device: str,
) -> list[View]:
    """Return ``versions`` views of the examples, computed once and kept as ``STEM-HASH-VERSION.npy``.

    Args:
        front: a front end; it is put in evaluation mode.
        channels: of its features.
        seen: gives its input for one clip, without the batch; without a generator the clip as it is.
    """
    front.eval().to(device)
    state = hashlib.sha256(str(seed).encode())
    for tensor in front.state_dict().values():
        state.update(tensor.detach().cpu().numpy().tobytes())
    stem.parent.mkdir(parents=True, exist_ok=True)
    views: list[View] = []
    for version in range(versions):
        file = stem.with_name(f"{stem.name}-{state.hexdigest()[:8]}-{version}.npy")
        if not file.exists():
            part = file.with_suffix(".part")
            view = open_memmap(part, "w+", np.float16, (sum(e.frames for e in examples), channels))
            begin = 0
            for number, example in enumerate(examples):
                rng = np.random.default_rng([seed, version, number]) if version else None
                picture = torch.from_numpy(np.ascontiguousarray(seen(example, rng)))[None].to(device)
                view[begin : begin + example.frames] = _features(front, picture)
                begin += example.frames
            view.flush()
            part.replace(file)
        views.append(np.load(file, mmap_mode="r"))
    return views


def _features(front: nn.Module, picture: Tensor) -> NDArray[np.float16]:
    with torch.inference_mode(), mixed_precision(picture.device.type):
        return np.asarray(front(picture)[0].half().cpu().numpy())
