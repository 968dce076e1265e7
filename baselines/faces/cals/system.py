"""CALS-style (reconstruction) as a system under test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, field_validator
from torch import Tensor

from syncbench.baselines.checkpoint import load_networks, read_header
from syncbench.baselines.faces.cals.config import config_from
from syncbench.baselines.faces.cals.network import Generator
from syncbench.baselines.faces.mel import mel_chunks
from syncbench.baselines.faces.talking_face import FaceOptions, TalkingFace
from syncbench.system import Setup

__all__ = ["Cals", "CalsOptions", "load_generator"]


def load_generator(path: Path, device: str = "cpu") -> Generator:
    """Return the generator of a checkpoint, ready to draw. Raises CommandError."""
    generator = Generator(config_from(read_header(path)["config"]))
    load_networks(path, {"generator": generator})
    return generator.to(device).eval()


class CalsOptions(FaceOptions):
    context: str = Field(
        "", description="frames heard on either side of a frame, or clip for all of it; default: the checkpoint's"
    )

    @field_validator("context")
    @classmethod
    def _frames_or_clip(cls, said: str) -> str:
        if said not in ("", "clip") and not said.isdecimal():
            raise ValueError("give a number of frames on either side, or clip")
        return said


class Cals(TalkingFace[CalsOptions]):
    """CALS-style context-aware lip-sync (ICASSP 2024): a reconstruction.

    Traces: ``units`` ``[T, D]``; ``attention``: of each frame to its window ``[T, 2 context + 1]``, or to the clip
    ``[T, T]``.
    """

    takes = CalsOptions
    traces = frozenset({"units", "attention"})

    def __init__(self, setup: Setup[CalsOptions], name: str = "") -> None:
        super().__init__(setup, name)
        said = setup.options.context
        self.context = None if said == "clip" else self.generator.config.context if said == "" else int(said)
        self.settings["context"] = "clip" if self.context is None else str(self.context)

    def load(self, weights: Path, device: str) -> None:
        self.generator = load_generator(weights, device)
        self.face = self.generator.config.face

    def drive(self, mel: NDArray[np.float32], frames: int) -> tuple[Tensor, dict[str, NDArray[Any]]]:
        a2l, reach = self.generator.a2l, self.context or 0
        chunks = torch.from_numpy(mel_chunks(mel, frames + 2 * reach, first=-reach)).to(self.setup.device)
        units, attention = a2l.slide(chunks, self.context)
        tokens = a2l.tokens(chunks[reach : reach + frames]) if self.generator.fusion else units
        traces = {"units": units.cpu().numpy(), "attention": attention.float().cpu().numpy()}
        return self.generator.fuse(units, tokens), traces

    def draw(self, units: Tensor, identity: Tensor) -> Tensor:
        return self.generator.draw(units, identity)
