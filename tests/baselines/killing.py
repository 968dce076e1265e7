"""Trainings that are killed in the middle, and what is then taken up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from syncbench.baselines.training import loop
from syncbench.baselines.training.batches import Batch, Batches
from syncbench.baselines.training.loop import Stage, fit
from syncbench.baselines.training.unfinished import keep

__all__ = ["Killed", "assert_equal", "assert_takes_the_same_steps", "killed_after"]


@dataclass
class Killed:
    """Batches of which one, if any, is a kill."""

    batches: Batches
    at: int | None = None

    def __call__(self, step: int, rank: int) -> Batch:
        if step == self.at:
            raise KeyboardInterrupt
        return self.batches(step, rank)

    def state(self) -> dict[str, Tensor]:
        return self.batches.state()

    def restore(self, step: int, state: Mapping[str, Tensor]) -> None:
        self.batches.restore(step, state)


def assert_equal(one: Path, other: Path) -> None:
    """Assert that two checkpoints hold the same tensors, bit for bit."""
    first, second = load_file(one), load_file(other)
    assert first.keys() == second.keys()
    for key, value in first.items():
        assert torch.equal(value, second[key]), key


def assert_takes_the_same_steps(make: Callable[[], Stage], folder: Path, at: int) -> None:
    """Assert that a stage that is killed at a step, and taken up, ends as one that is not killed."""

    def run(out: str, kill: int | None = None, resume: bool = False) -> Path:
        stage = make()
        stage = replace(stage, batches=Killed(stage.batches, kill))
        return fit(stage, folder / out, seed=3, resume=resume, save_seconds=0.0)

    whole = run("whole")
    with pytest.raises(KeyboardInterrupt):
        run("killed", kill=at)
    torch.rand(7)  # the process that goes on has drawn other numbers before
    assert_equal(run("killed", resume=True), whole)


@contextmanager
def killed_after(monkeypatch: pytest.MonkeyPatch, stage: str, step: int) -> Iterator[None]:
    """Kill what is trained within, right after the checkpoint of a stage's step is on disk."""

    def dying(*arguments: Any, **said: Any) -> None:
        keep(*arguments, **said)
        if (said["stage"], said["step"]) == (stage, step):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(fit.__kwdefaults__, "save_seconds", 0.0)
        patch.setattr(loop, "keep", dying)
        with pytest.raises(KeyboardInterrupt):
            yield
