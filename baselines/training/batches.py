"""Where a stage's batches come from, and how their randomness goes on after a training was killed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

__all__ = ["Batch", "Batches", "Running", "Stepped"]

Batch = Mapping[str, Any]
"""Arrays or tensors by name; anything else, such as texts, is handed on as it is."""


class Batches(Protocol):
    """Gives the batch of each step."""

    def __call__(self, step: int, rank: int, /) -> Batch:
        """Return the batch of ``step`` for process ``rank``; steps are asked for in order."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Return where the randomness stands, for a checkpoint."""
        ...

    def restore(self, step: int, state: Mapping[str, Tensor]) -> None:
        """Go on at ``step``, from a checkpoint's ``state``."""
        ...


class Stepped:
    """Batches whose randomness, torch's own included, depends on the seed, the step and the process alone."""

    def __init__(self, seed: int, make: Callable[[np.random.Generator], Batch]) -> None:
        self._seed, self._make = seed, make

    def __call__(self, step: int, rank: int) -> Batch:
        rng = np.random.default_rng([self._seed, step, rank])
        torch.manual_seed(int(rng.integers(2**31)))
        return self._make(rng)

    def state(self) -> dict[str, Tensor]:
        return {}

    def restore(self, step: int, state: Mapping[str, Tensor]) -> None:
        pass


class Running:
    """Batches drawn by random numbers that run on from step to step; a checkpoint keeps where they stand.

    A subclass gives ``__call__``.

    Attributes:
        dice, rng: NumPy's and torch's random numbers.
    """

    def __init__(self, seed: int) -> None:
        self.dice = np.random.default_rng(seed)
        self.rng = torch.Generator().manual_seed(seed)

    def __call__(self, step: int, rank: int) -> Batch:
        raise NotImplementedError

    def state(self) -> dict[str, Tensor]:
        written = json.dumps(self.dice.bit_generator.state).encode()
        return {"rng": self.rng.get_state(), "dice": torch.frombuffer(bytearray(written), dtype=torch.uint8)}

    def restore(self, step: int, state: Mapping[str, Tensor]) -> None:
        self.rng.set_state(state["rng"])
        self.dice.bit_generator.state = json.loads(state["dice"].numpy().tobytes())
