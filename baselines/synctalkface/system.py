"""SyncTalkFace as a system under test."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.audio import mel_chunks
from syncbench.baselines.stages import lip_windows
from syncbench.baselines.synctalkface.config import config_from
from syncbench.baselines.synctalkface.network import Generator
from syncbench.baselines.synctalkface.probe import exhibit, probe
from syncbench.baselines.talking_face import open_options
from syncbench.baselines.training import load_networks, read_header
from syncbench.contracts import Clip, Setup, System

__all__ = ["load", "synctalkface"]


def load(path: Path, device: str = "cpu") -> Generator:
    """Return the generator of a checkpoint, ready to draw. Raises CommandError."""
    generator = Generator(config_from(read_header(path)["config"]))
    load_networks(path, {"generator": generator})
    return generator.to(device).eval()


def synctalkface(setup: Setup) -> System:
    """Return SyncTalkFace. Options: ``weights``, ``face``, ``reference``.

    Traces: ``addresses`` ``[T, slots]`` from the speech; ``lip_addresses`` ``[T, slots]`` from the real lips, for
    analysis alone; ``units`` ``[T, D]``. Its ``probe`` draws mouths from single slots and between two.
    """
    opened = open_options("synctalkface", setup, {})
    generator = load(opened.weights, setup.device)
    face = generator.config.face

    def drive(mel: NDArray[np.float32], frames: int) -> tuple[Tensor, dict[str, NDArray[Any]]]:
        chunks = torch.from_numpy(mel_chunks(mel, frames)).to(setup.device)
        units, recall = generator.units(chunks)
        return units, {"addresses": recall.addresses.cpu().numpy(), "units": units.cpu().numpy()}

    def observe(squares: Tensor) -> dict[str, NDArray[Any]]:
        padded = torch.cat([squares[:1], squares[:1], squares, squares[-1:], squares[-1:]])
        seen = [
            generator.memory.see(generator.lip(lip_windows(padded[None, start : start + 36], face))).addresses
            for start in range(0, len(squares), 32)
        ]
        return {"lip_addresses": torch.cat(seen).cpu().numpy()}

    system = opened.system("synctalkface", face, drive, generator.draw, setup, observe)

    def show(clip: Clip) -> dict[str, NDArray[Any]]:
        return exhibit(probe(generator, clip, system.find, opened.reference))

    return dataclasses.replace(system, traces=frozenset({"addresses", "lip_addresses", "units"}), probe=show)
