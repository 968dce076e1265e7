"""The Wav2Lip-type baseline as a system under test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.checkpoint import load_networks, read_header
from syncbench.baselines.faces.mel import mel_chunks
from syncbench.baselines.faces.talking_face import FaceOptions, TalkingFace
from syncbench.baselines.faces.wav2lip.config import config_from
from syncbench.baselines.faces.wav2lip.network import Generator

__all__ = ["Wav2Lip", "load_generator"]


def load_generator(path: Path, device: str = "cpu") -> Generator:
    """Return the generator of a checkpoint, ready to draw. Raises CommandError."""
    generator = Generator(config_from(read_header(path)["config"]))
    load_networks(path, {"generator": generator})
    return generator.to(device).eval()


class Wav2Lip(TalkingFace[FaceOptions]):
    """The field's baseline type (Wav2Lip, ACM MM 2020): no memory, no context.

    Traces: ``units`` ``[T, D]``.
    """

    takes = FaceOptions
    traces = frozenset({"units"})

    def load(self, weights: Path, device: str) -> None:
        self.generator = load_generator(weights, device)
        self.face = self.generator.config.face

    def drive(self, mel: NDArray[np.float32], frames: int) -> tuple[Tensor, dict[str, NDArray[Any]]]:
        units = self.generator.units(torch.from_numpy(mel_chunks(mel, frames)).to(self.setup.device))
        return units, {"units": units.cpu().numpy()}

    def draw(self, units: Tensor, identity: Tensor) -> Tensor:
        return self.generator.draw(units, identity)
