"""The training loop, on Lightning Fabric: seeded, logged, resumable after a kill.

A resumed training takes the steps that the killed one would have taken. A checkpoint is one safetensors file: the
networks' tensors, the optimisers' tensors, the random numbers, and a JSON header with the configuration and the step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from syncbench.baselines.checkpoint import header, load_networks, network_tensors, write_tensors
from syncbench.baselines.training.adversary import Judge, Pictures
from syncbench.baselines.training.batches import Batches
from syncbench.baselines.training.log import Log
from syncbench.baselines.training.optimisation import Group, Optimisation, optimiser_of
from syncbench.baselines.training.randomness import random_tensors, restore_random
from syncbench.baselines.training.unfinished import keep, take_up
from syncbench.errors import CommandError

__all__ = ["Objective", "Stage", "finished", "fit"]

LOG_STEPS = 20
SAVE_SECONDS = 60.0


class Objective(Protocol):
    """A module that returns its losses, ``loss`` being what is minimised, and the pictures for a judge, if any."""

    def __call__(self, batch: Mapping[str, Any], /) -> tuple[dict[str, Tensor], Pictures | None]: ...


@dataclass(frozen=True)
class Stage:
    """What is trained.

    Attributes:
        name: of its files.
        objective: an ``Objective``.
        networks: what is kept.
        batches: of every step.
        optimisation: how it is optimised.
        config: of the networks, for the header of checkpoints.
        groups: the parameters to optimise; empty for all of the objective that can be.
        clipped: parameters whose gradients are clipped together; empty for all of the objective's.
        judge: the discriminator to train beside it.
        validate: gives scores on what is held out, by name, every ``validate_every`` steps and at the end.
    """

    name: str
    objective: nn.Module
    networks: Mapping[str, nn.Module]
    batches: Batches
    optimisation: Optimisation
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    groups: tuple[Group, ...] = ()
    clipped: tuple[tuple[nn.Parameter, ...], ...] = ()
    judge: Judge | None = None
    validate: Callable[[], Mapping[str, float]] | None = None
    validate_every: int = 1000

    def trained(self) -> tuple[Group, ...]:
        """Return the parameters to optimise."""
        return self.groups or (Group(self.learning()),)

    def learning(self) -> tuple[nn.Parameter, ...]:
        """Return all parameters of the objective that can be trained."""
        return tuple(p for p in self.objective.parameters() if p.requires_grad)


def finished(out: Path, stage: str) -> Path:
    """Return the checkpoint of a finished stage. Raises CommandError where it is not there."""
    path = out / f"{stage}.safetensors"
    if not path.exists():
        raise CommandError(f"{path} is not there: train the stage '{stage}' first (--stage {stage})")
    return path


def fit(
    stage: Stage, out: Path, *, seed: int, resume: bool, device: str = "cpu", save_seconds: float = SAVE_SECONDS
) -> Path:
    """Train one stage and return its checkpoint, ``out/<stage>.safetensors``. Logs lie in ``out/<stage>/``.

    A finished stage is not trained again under ``resume``; an unfinished one goes on from its last checkpoint, which is
    written every ``save_seconds``.

    Raises:
        CommandError: the loss is no number, or another training would be lost.
    """
    from lightning_fabric import Fabric
    from lightning_fabric.loggers.tensorboard import TensorBoardLogger

    asked, folder = stage.optimisation, out / stage.name
    folder.mkdir(parents=True, exist_ok=True)
    final, unfinished = out / f"{stage.name}.safetensors", folder / "checkpoint.safetensors"
    if resume and final.exists():
        load_networks(final, stage.networks)
        restore_random(final)  # the next stage begins as after the training of this one
        return final
    if (there := next((path for path in (final, unfinished) if path.exists()), None)) and not resume:
        what = "a finished" if there == final else "an unfinished"
        raise CommandError(f"{there} is of {what} training: go on with --resume, or give another --out")
    accelerator, _, index = device.partition(":")
    devices: Any = [int(index)] if index else ("auto" if accelerator == "cuda" else 1)
    board = TensorBoardLogger(out, name=stage.name, version="tensorboard")
    fabric = Fabric(accelerator=accelerator, devices=devices, precision=asked.precision, loggers=[board])
    fabric.launch()
    fabric.to_device(stage.objective)  # first, so that an optimiser's tensors are taken up where the parameters are
    saved: dict[str, nn.Module] = dict(stage.networks)
    optimisers = {"optimiser": optimiser_of(stage.trained(), asked, asked.rate)}
    if stage.judge is not None:
        fabric.to_device(stage.judge)
        saved["judge"] = stage.judge.network
        judged = Group(tuple(stage.judge.parameters()))
        optimisers["judge_optimiser"] = optimiser_of([judged], asked, asked.judge_rate)
    log = Log(folder, board)
    said: dict[str, Any] = {"stage": stage.name, "seed": seed, "optimisation": asdict(asked)}
    first = take_up(unfinished, saved, optimisers, stage.batches, stage.config, said) if unfinished.exists() else 0
    log.forget(after=first if first else -1)
    stage.objective.train()
    objective, optimiser = fabric.setup(stage.objective, optimisers["optimiser"])
    judge, judge_optimiser = (
        (None, None) if stage.judge is None else fabric.setup(stage.judge, optimisers["judge_optimiser"])
    )
    clipped = stage.clipped or (stage.learning(),)
    last_saved = started = time.monotonic()
    for step in range(first, asked.steps):
        found = stage.batches(step, fabric.global_rank)
        batch = fabric.to_device({key: _tensor(value) for key, value in found.items()})
        _set_rate(optimisers["optimiser"], asked.rate * asked.factor(step))
        losses, pictures = objective(batch)
        optimiser.zero_grad()
        fabric.backward(losses["loss"])
        if asked.clip is not None:
            for parameters in clipped:
                nn.utils.clip_grad_norm_(parameters, asked.clip)
        optimiser.step()
        if judge is not None and judge_optimiser is not None and pictures is not None:
            _set_rate(optimisers["judge_optimiser"], asked.judge_rate * asked.factor(step))
            judge_optimiser.zero_grad()
            losses["judge"] = judge(pictures)
            fabric.backward(losses["judge"])
            judge_optimiser.step()
        if not math.isfinite(float(losses["loss"].detach())):
            raise CommandError(
                f"training of stage {stage.name} broke down at step {step}: the loss is not a number; lower the rate"
            )
        log.add(losses)
        done, last = step + 1, step + 1 == asked.steps
        if fabric.is_global_zero and (done % LOG_STEPS == 0 or last):
            more = {"steps_per_second": (done - first) / (time.monotonic() - started)}
            if stage.validate is not None and (done % stage.validate_every == 0 or last):
                more |= {f"val_{key}": value for key, value in stage.validate().items()}
            log.write(done, more)
        if fabric.is_global_zero and not last and time.monotonic() - last_saved > save_seconds:
            keep(unfinished, saved, optimisers, stage.batches, stage.config, step=done, **said)
            last_saved = time.monotonic()
    if fabric.is_global_zero:
        write_tensors(final, network_tensors(saved) | random_tensors(), header(stage.config, step=asked.steps, **said))
        unfinished.unlink(missing_ok=True)
        board.finalize("success")
    fabric.barrier()
    return final


def _tensor(value: Any) -> Any:
    return torch.from_numpy(np.ascontiguousarray(value)) if isinstance(value, np.ndarray) else value


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate * group["scale"]
