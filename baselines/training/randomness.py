"""Torch's own random numbers, on the CPU and on a GPU in use: where they stand, kept in a checkpoint."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

__all__ = ["random_tensors", "restore_random"]

_CPU, _CUDA = "torch/cpu", "torch/cuda"


def random_tensors() -> dict[str, Tensor]:
    """Return where the random numbers stand, as tensors of a checkpoint."""
    state = {_CPU: torch.get_rng_state()}
    used = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return state | {_CUDA: torch.cuda.get_rng_state()} if used else state


def restore_random(path: Path) -> None:
    """Let the random numbers go on from where a checkpoint says they stood; where it says nothing, they just go on."""
    with safe_open(path, framework="pt") as file:
        found = {key: file.get_tensor(key) for key in {_CPU, _CUDA} & set(file.keys())}
    if _CPU in found:
        torch.set_rng_state(found[_CPU])
    if _CUDA in found and torch.cuda.is_available():
        torch.cuda.set_rng_state(found[_CUDA])
