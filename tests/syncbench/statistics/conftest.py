"""Measurements whose statistics are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from syncbench.measurement import Measurement


@dataclass(frozen=True)
class Rate(Measurement):
    errors: int = 0
    words: int = 0

    def scores(self) -> dict[str, Any]:
        return {"rate": self.errors / self.words}


@dataclass(frozen=True)
class Vector(Measurement):
    total: Any = field(default_factory=lambda: np.zeros(()))

    def scores(self) -> dict[str, Any]:
        return {}


def draw(
    rng: np.random.Generator, clips: int, rate: float, speakers: int, spread: float
) -> tuple[list[Rate], list[str]]:
    own = np.clip(rng.normal(rate, spread, speakers), 0, 1)
    who = np.arange(clips) % speakers
    return [Rate(int(rng.binomial(10, own[s])), 10) for s in who], [f"s{s}" for s in who]
