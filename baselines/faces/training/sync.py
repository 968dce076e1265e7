"""The stage ``sync``: the sync module, trained as Wav2Lip does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from syncbench.baselines.checkpoint import load_networks
from syncbench.baselines.faces.networks import WINDOW, Face, SyncModule, stack_lower
from syncbench.baselines.faces.squares import to_images
from syncbench.baselines.faces.training import losses
from syncbench.baselines.faces.training.augment import Augment, jittered, mirror
from syncbench.baselines.faces.training.corpus import Corpus
from syncbench.baselines.faces.training.course import Course, quick
from syncbench.baselines.training.adversary import Pictures
from syncbench.baselines.training.batches import Batch

__all__ = ["SyncObjective", "sync_batch", "train_sync", "trained_sync"]


class SyncObjective(nn.Module):
    """Trains the sync module as Wav2Lip does: BCE of the cosine, in sync or not."""

    def __init__(self, network: SyncModule, face: Face, jitter: int = 0) -> None:
        super().__init__()
        self.network, self.face, self.jitter = network, face, jitter

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        images = to_images(batch["window"])
        if self.jitter and self.training:
            images = jittered(images, self.jitter)
        stacked = stack_lower(images, self.face)
        visual, audio = self.network(stacked, batch["heard"][:, None])
        loss = losses.sync(visual, audio, batch["target"])
        right = ((visual * audio).sum(1) > 0.5) == (batch["target"] > 0.5)
        return {"loss": loss, "accuracy": right.float().mean()}, None


def sync_batch(
    corpus: Corpus, augment: Augment, rng: np.random.Generator, among: NDArray[np.int64], count: int
) -> Batch:
    """Return windows of five frames; half of them with the sound of another window of the same clip.

    ``window`` uint8 ``[B, 5, H, W, 3]``, ``heard`` float32 ``[B, 80, 16]``, ``target`` float32 ``[B]``.
    """
    windows = corpus.draw(rng, among, count, WINDOW)
    heard = windows.copy()
    wrong = np.arange(count) % 2 == 1
    room = np.maximum(corpus.lengths[windows[:, 0]] - WINDOW, 2)
    moved = (windows[:, 1] + rng.integers(1, room)) % room
    heard[wrong, 1] = moved[wrong]
    batch: Batch = {
        "window": corpus.pixels[corpus.frames(windows, 0, WINDOW)],
        "heard": augment.sound(corpus.sync_chunks(heard), rng),
        "target": (~wrong).astype(np.float32),
    }
    return mirror(batch, rng, ("window",)) if augment.mirror else batch


def train_sync(course: Course[Any]) -> Path:
    """Train the sync module alone."""
    torch.manual_seed(course.seed)
    network = SyncModule(course.face)
    quick(network.visual)
    objective = SyncObjective(network, course.face, course.augment.jitter)
    return course.fit("sync", objective, {"sync": network}, partial(sync_batch, course.corpus, course.augment))


def trained_sync(course: Course[Any]) -> SyncModule:
    """Return the trained sync module, frozen."""
    network = SyncModule(course.face)
    load_networks(course.checkpoint("sync"), {"sync": network})
    quick(network.visual)
    return network.requires_grad_(False).eval()
