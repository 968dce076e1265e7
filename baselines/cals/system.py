"""CALS-style (reconstruction) as a system under test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.audio import mel_chunks
from syncbench.baselines.cals.config import config_from
from syncbench.baselines.cals.network import Generator
from syncbench.baselines.talking_face import open_options
from syncbench.baselines.training import load_networks, read_header
from syncbench.contracts import Setup, System
from syncbench.errors import CommandError

__all__ = ["cals", "load"]


def load(path: Path, device: str = "cpu") -> Generator:
    """Return the generator of a checkpoint, ready to draw. Raises CommandError."""
    generator = Generator(config_from(read_header(path)["config"]))
    load_networks(path, {"generator": generator})
    return generator.to(device).eval()


def _context(said: str, default: int) -> int | None:
    if said == "":
        return default
    if said == "clip":
        return None
    if not said.isdecimal():
        raise CommandError(f"option context must be a number of frames on either side, or 'clip', not '{said}'")
    return int(said)


def cals(setup: Setup) -> System:
    """Return CALS-style. Options: ``context`` (frames either side, or ``clip``), ``weights``, ``face``, ``reference``.

    Traces: ``units`` ``[T, D]``; ``attention``: of each frame to its window ``[T, 2 context + 1]``, or to the clip
    ``[T, T]``.
    """
    opened = open_options("cals", setup, {"context": ""})
    generator = load(opened.weights, setup.device)
    context = _context(opened.rest["context"], generator.config.context)
    opened = opened.saying(context="clip" if context is None else str(context))

    def drive(mel: NDArray[np.float32], frames: int) -> tuple[Tensor, dict[str, NDArray[Any]]]:
        reach = context or 0
        chunks = torch.from_numpy(mel_chunks(mel, frames + 2 * reach, first=-reach)).to(setup.device)
        units, attention = generator.a2l.slide(chunks, context)
        tokens = generator.a2l.tokens(chunks[reach : reach + frames]) if generator.fusion else units
        traces = {"units": units.cpu().numpy(), "attention": attention.float().cpu().numpy()}
        return generator.fuse(units, tokens), traces

    return opened.system("cals", generator.config.face, drive, generator.draw, setup)
