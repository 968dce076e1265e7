"""The Wav2Lip-type baseline as a system under test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.audio import mel_chunks
from syncbench.baselines.talking_face import open_options
from syncbench.baselines.training import load_networks, read_header
from syncbench.baselines.wav2lip.config import config_from
from syncbench.baselines.wav2lip.network import Generator
from syncbench.contracts import Setup, System

__all__ = ["load", "wav2lip"]


def load(path: Path, device: str = "cpu") -> Generator:
    """Return the generator of a checkpoint, ready to draw. Raises CommandError."""
    generator = Generator(config_from(read_header(path)["config"]))
    load_networks(path, {"generator": generator})
    return generator.to(device).eval()


def wav2lip(setup: Setup) -> System:
    """Return the baseline. Options: ``weights``, ``face``, ``reference``. Traces: ``units`` ``[T, D]``."""
    opened = open_options("wav2lip", setup, {})
    generator = load(opened.weights, setup.device)

    def drive(mel: NDArray[np.float32], frames: int) -> tuple[Tensor, dict[str, NDArray[Any]]]:
        units = generator.units(torch.from_numpy(mel_chunks(mel, frames)).to(setup.device))
        return units, {"units": units.cpu().numpy()}

    return opened.system("wav2lip", generator.config.face, drive, generator.draw, setup)
