"""A line that is fitted through dropout: the smallest training that depends on every kind of random number."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from syncbench.baselines.training.adversary import Judge, Pictures
from syncbench.baselines.training.batches import Batch, Batches, Running, Stepped
from syncbench.baselines.training.loop import Stage
from syncbench.baselines.training.optimisation import Cosine, Group, Optimisation

__all__ = ["ASKED", "Rolling", "line_stage", "stepped"]

ASKED = Optimisation(steps=30, batch=8, rate=1e-2, schedule=Cosine(warm_up=5, decay=0.5))


class Line(nn.Module):
    """Fits a line through dropout, so that a step depends on torch's randomness as well."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(3, 1)
        self.drop = nn.Dropout(0.5)

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        guess = self.line(self.drop(batch["x"]))
        loss = (guess - batch["y"]).square().mean()
        return {"loss": loss}, Pictures(batch["x"][:, :1], (guess,))


def _points(rng: np.random.Generator) -> Batch:
    x = rng.standard_normal((8, 3)).astype(np.float32)
    return {"x": x, "y": x.sum(axis=1, keepdims=True)}


class Rolling(Running):
    """Points drawn by both generators, which roll on from step to step."""

    def __call__(self, step: int, rank: int) -> Batch:
        batch = _points(self.dice)
        return {"x": batch["x"] + torch.randn(8, 3, generator=self.rng).numpy() / 10, "y": batch["y"]}


def stepped() -> Stepped:
    """Return points whose randomness depends on seed and step alone."""
    return Stepped(3, _points)


def line_stage(
    batches: Batches | None = None, *, judged: bool = False, asked: Optimisation = ASKED, grouped: bool = False
) -> Stage:
    """Return the stage ``line``, equal each time. ``grouped`` gives the bias a rate and a weight decay of its own."""
    torch.manual_seed(5)
    objective = Line()
    groups = (Group((objective.line.weight,)), Group((objective.line.bias,), rate=0.5, weight_decay=0.0))
    return Stage(
        "line",
        objective,
        {"line": objective.line},
        stepped() if batches is None else batches,
        asked,
        {"kind": "line"},
        groups=groups if grouped else (),
        judge=Judge(nn.Linear(1, 1)) if judged else None,
        validate=lambda: {"loss": 0.5},
        validate_every=10,
    )
