"""The stage ``audio``: lip features learned from sound, frame by frame, without images."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from syncbench.baselines.faces.networks import AudioEncoder
from syncbench.baselines.faces.training.augment import Augment
from syncbench.baselines.faces.training.corpus import Corpus
from syncbench.baselines.faces.training.course import Course
from syncbench.baselines.faces.training.face import lip_units
from syncbench.baselines.training.adversary import Pictures
from syncbench.baselines.training.batches import Batch

__all__ = ["AudioObjective", "lip_batch", "train_audio"]


def lip_batch(
    corpus: Corpus,
    augment: Augment,
    lips: NDArray[np.float32],
    rng: np.random.Generator,
    among: NDArray[np.int64],
    count: int,
) -> Batch:
    """Return single frames' ``chunks`` float32 ``[B, 80, 16]`` and their ``lips`` ``[B, D]``."""
    windows = corpus.draw(rng, among, count, 1)
    return {
        "chunks": augment.voice(corpus.chunks(windows, 0, 1)[:, 0], rng),
        "lips": lips[corpus.frames(windows, 0, 1)[:, 0]],
    }


class AudioObjective(nn.Module):
    """Learns lip features from sound, frame by frame, without images (embedded presets, ASSUMED)."""

    def __init__(self, audio: AudioEncoder) -> None:
        super().__init__()
        self.audio = audio

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        return {"loss": F.l1_loss(self.audio(batch["chunks"][:, None]).float(), batch["lips"])}, None


def train_audio(course: Course[Any], audio: AudioEncoder) -> Path:
    """Train an audio encoder on the face stage's lip features, frame by frame."""
    batches = partial(lip_batch, course.corpus, course.augment, lip_units(course))
    return course.fit("audio", AudioObjective(audio), {"audio": audio}, batches)
