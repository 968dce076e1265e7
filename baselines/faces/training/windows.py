"""Windows of frames to generate: batches of them, and what the networks see of a batch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.faces import networks
from syncbench.baselines.faces.networks import WINDOW, Face, hide
from syncbench.baselines.faces.squares import to_images
from syncbench.baselines.faces.training.augment import Augment, jittered, mirror
from syncbench.baselines.faces.training.corpus import Corpus
from syncbench.baselines.training.batches import Batch

__all__ = ["REACH", "face_batch", "identities", "lip_windows", "windows_batch"]

REACH = WINDOW // 2


def face_batch(
    corpus: Corpus, augment: Augment, frames: int, rng: np.random.Generator, among: NDArray[np.int64], count: int
) -> Batch:
    """Return random windows of ``frames`` frames to generate, of the clips ``among``: see ``windows_batch``."""
    windows = corpus.draw(rng, among, count, frames)
    batch = windows_batch(corpus, windows, rng, frames, augment)
    return mirror(batch, rng, ("window", "reference")) if augment.mirror else batch


def windows_batch(
    corpus: Corpus, windows: NDArray[np.int64], rng: np.random.Generator, frames: int, augment: Augment
) -> Batch:
    """Return the batch of given windows ``[B, 2]``; nothing is mirrored.

    ``window`` uint8 ``[B, frames + 4, H, W, 3]`` has two more frames on either side; ``reference`` uint8
    ``[B, frames, H, W, 3]`` comes from elsewhere in the same clip; ``chunks`` float32 ``[B, frames, 80, 16]``;
    ``heard`` float32 ``[B, 80, 16]`` is the first five frames' sound.
    """
    lengths = corpus.lengths[windows[:, 0]]
    # Another window of the same clip, never the same one.
    other = (windows[:, 1] + rng.integers(1, np.maximum(lengths - frames, 2))) % np.maximum(lengths - frames, 1)
    references = np.stack([windows[:, 0], other], axis=1)
    return {
        "window": corpus.pixels[corpus.frames(windows, -REACH, frames + REACH)],
        "reference": corpus.pixels[corpus.frames(references, 0, frames)],
        "chunks": augment.sound(corpus.chunks(windows, 0, frames), rng),
        "heard": corpus.sync_chunks(windows),
    }


def identities(window: Tensor, reference: Tensor, face: Face) -> tuple[Tensor, Tensor]:
    """Return the frames to generate ``[B * T, 3, H, W]`` and what the identity encoder sees ``[B * T, 6, H, W]``."""
    real = to_images(window[:, REACH:-REACH]).flatten(0, 1)
    seen = torch.cat([hide(real, face), to_images(reference).flatten(0, 1)], dim=1)
    return real, seen.contiguous(memory_format=torch.channels_last)


def lip_windows(images: Tensor, face: Face, jitter: int = 0) -> Tensor:
    """Return five frames around each inner one, upper part zero: ``[B, T + 4, 3, H, W]`` to ``[B * T, 3, 5, H, W]``."""
    return networks.lip_windows(jittered(images, jitter) if jitter else images, face)
