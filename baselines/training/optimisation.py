"""How a stage is optimised: steps, batch, learning rate and its schedule."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

__all__ = ["Cosine", "Group", "Noam", "Optimisation", "Precision", "optimiser_of"]

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


@dataclass(frozen=True, slots=True)
class Cosine:
    """The rate rises from zero, stays, and falls to zero along a half cosine.

    Attributes:
        warm_up: steps over which it rises.
        decay: the share of the steps, at the end, over which it falls.
        early: steps by which the fall is early: with 1 the last step's rate is zero.
    """

    warm_up: float = 0
    decay: float = 0.0
    early: int = 0

    def factor(self, step: int, steps: int) -> float:
        """Return what the rate is multiplied by at ``step`` of ``steps``, counted from 0."""
        rising = min(1.0, (step + 1) / self.warm_up) if self.warm_up else 1.0
        falling, left = self.decay * steps, steps - step - self.early
        return rising * (0.5 - 0.5 * math.cos(math.pi * left / falling) if left < falling else 1.0)


@dataclass(frozen=True, slots=True)
class Noam:
    """The rate rises to its highest at step ``warm_up``, then falls with the square root of the step (Vaswani 2017)."""

    warm_up: float

    def factor(self, step: int, steps: int) -> float:
        """Return what the rate is multiplied by at ``step``, counted from 0."""
        return min(math.sqrt(self.warm_up / (step + 1)), (step + 1) / self.warm_up)


@dataclass(frozen=True, slots=True)
class Optimisation:
    """How one stage is optimised.

    Attributes:
        steps: gradient steps.
        batch: samples per step and process.
        rate: highest learning rate.
        judge_rate: that of the discriminator, where there is one.
        betas: of Adam.
        weight_decay: above zero, AdamW.
        schedule: how the rate changes with the step.
        clip: largest norm of the gradient; None for any.
        precision: Fabric's name of it.
    """

    steps: int
    batch: int
    rate: float = 1e-4
    judge_rate: float = 5e-4
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 0.0
    schedule: Cosine | Noam = Cosine()
    clip: float | None = None
    precision: Precision = "32-true"

    def factor(self, step: int) -> float:
        """Return what the rates are multiplied by at ``step``, counted from 0."""
        return self.schedule.factor(step, self.steps)


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters with a rate or a weight decay of their own.

    Attributes:
        rate: multiplies the stage's rate.
        weight_decay: None for the stage's.
    """

    parameters: tuple[nn.Parameter, ...]
    rate: float = 1.0
    weight_decay: float | None = None


def optimiser_of(groups: Iterable[Group], asked: Optimisation, rate: float) -> torch.optim.Optimizer:
    """Return Adam, or with any weight decay AdamW, over the groups; each group keeps its multiplier as ``scale``."""
    made: list[dict[str, Any]] = [
        {
            "params": list(group.parameters),
            "lr": rate * group.rate,
            "scale": group.rate,
            "weight_decay": asked.weight_decay if group.weight_decay is None else group.weight_decay,
        }
        for group in groups
    ]
    decays = any(group["weight_decay"] for group in made)
    return (torch.optim.AdamW if decays else torch.optim.Adam)(made, rate, betas=asked.betas)
