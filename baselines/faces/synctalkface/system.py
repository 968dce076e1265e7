"""SyncTalkFace as a system under test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.checkpoint import load_networks, read_header
from syncbench.baselines.faces.mel import mel_chunks
from syncbench.baselines.faces.networks import lip_windows
from syncbench.baselines.faces.squares import to_images
from syncbench.baselines.faces.synctalkface.config import config_from
from syncbench.baselines.faces.synctalkface.network import Generator
from syncbench.baselines.faces.synctalkface.probe import exhibit, probe
from syncbench.baselines.faces.talking_face import FaceOptions, TalkingFace, face_landmarks, faces_shown
from syncbench.system import Given

__all__ = ["SyncTalkFace", "load_generator"]

_BATCH = 32


def load_generator(path: Path, device: str = "cpu") -> Generator:
    """Return the generator of a checkpoint, ready to draw. Raises CommandError."""
    generator = Generator(config_from(read_header(path)["config"]))
    load_networks(path, {"generator": generator})
    return generator.to(device).eval()


class SyncTalkFace(TalkingFace[FaceOptions]):
    """SyncTalkFace: Audio-Lip Memory (AAAI 2022), built from the published description.

    Traces: ``addresses`` ``[T, slots]`` from the speech; ``lip_addresses`` ``[T, slots]`` from the real lips, for
    analysis alone; ``units`` ``[T, D]``. Its ``probe`` draws mouths from single slots and between two.
    """

    takes = FaceOptions
    traces = frozenset({"addresses", "lip_addresses", "units"})

    def load(self, weights: Path, device: str) -> None:
        self.generator = load_generator(weights, device)
        self.face = self.generator.config.face

    def drive(self, mel: NDArray[np.float32], frames: int) -> tuple[Tensor, dict[str, NDArray[Any]]]:
        units, recall = self.generator.units(torch.from_numpy(mel_chunks(mel, frames)).to(self.setup.device))
        return units, {"addresses": recall.addresses.cpu().numpy(), "units": units.cpu().numpy()}

    def draw(self, units: Tensor, identity: Tensor) -> Tensor:
        return self.generator.draw(units, identity)

    def observe(self, squares: Tensor) -> Mapping[str, NDArray[Any]]:
        padded = torch.cat([squares[:1], squares[:1], squares, squares[-1:], squares[-1:]])  # [T + 4, size, size, 3]
        memory, lip = self.generator.memory, self.generator.lip

        def seen(start: int) -> Tensor:
            return to_images(padded[None, start : start + _BATCH + 4].to(self.setup.device))

        found = [
            memory.see(lip(lip_windows(seen(start), self.face))).addresses for start in range(0, len(squares), _BATCH)
        ]
        return {"lip_addresses": torch.cat(found).cpu().numpy()}

    def probe(self, given: Given) -> Mapping[str, NDArray[Any]]:
        landmarks = face_landmarks(given, self.options.face)
        shown = None if landmarks is None else faces_shown(given)
        return exhibit(probe(self.generator, given.footage, given.speech, landmarks, self.options.reference, shown))
