"""What is changed at random in the training of generators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.training.batches import Batch

__all__ = ["Augment", "jittered", "mirror"]


@dataclass(frozen=True, slots=True)
class Augment:
    """What is changed at random in training. Nothing in the published code.

    Attributes:
        mirror: mirror half of the samples.
        jitter: the largest shift, in pixels, and light: what the lip encoder sees is moved and relit at random,
            so that a lip feature tells the lips' shape rather than their place and colour. ASSUMED: speech cannot
            tell place and colour, and the short recipes have no time to unlearn them.
        level: the largest change of the speech's level, on the mel's -4..4 scale (0.4 is 5 dB).
        bands: the largest shift of the mel's 80 bands, where lip features are learned from sound alone: longer and
            shorter vocal tracts. ASSUMED: few voices are trained on.
    """

    mirror: bool = False
    jitter: int = 0
    level: float = 0.0
    bands: int = 0

    def sound(self, chunks: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Return mel chunks ``[B, ...]`` with each sample's level changed at random."""
        if not self.level:
            return chunks
        change = rng.uniform(-self.level, self.level, (len(chunks), *[1] * (chunks.ndim - 1)))
        return np.clip(chunks + change, -4, 4).astype(np.float32)

    def voice(self, chunks: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Return mel chunks ``[B, ..., 80, 16]`` of other voices: level and place of the bands changed at random."""
        chunks = self.sound(chunks, rng)
        if not self.bands:
            return chunks
        moves = rng.integers(-self.bands, self.bands + 1, (len(chunks), 1))
        places = np.clip(np.arange(chunks.shape[-2]) + moves, 0, chunks.shape[-2] - 1)  # [B, 80]
        between = (1,) * (chunks.ndim - 3)
        return np.take_along_axis(chunks, places.reshape(len(chunks), *between, -1, 1), axis=-2)


def mirror(batch: Batch, rng: np.random.Generator, keys: tuple[str, ...]) -> Batch:
    """Return the batch with half of its samples mirrored; ``keys`` hold pixels ``[B, ..., H, W, 3]``."""
    chosen = rng.random(len(batch[keys[0]])) < 0.5
    turned = {key: batch[key].copy() for key in keys}
    for pixels in turned.values():
        pixels[chosen] = pixels[chosen][..., ::-1, :]
    return {**batch, **turned}


def jittered(images: Tensor, reach: int) -> Tensor:
    """Shift whole windows by up to ``reach`` pixels, and change contrast and brightness by up to 15 %."""
    count = len(images)
    shifts = torch.randint(-reach, reach + 1, (count, 2)).tolist()
    moved = torch.stack([torch.roll(x, (dy, dx), (-2, -1)) for x, (dy, dx) in zip(images, shifts, strict=True)])
    gain, bias = (0.15 * (2 * torch.rand(2, count, 1, 1, 1, 1, device=images.device) - 1)).unbind()
    return (moved * (1 + gain) + bias).clamp(-1, 1)
