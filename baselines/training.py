"""The training loop of the generators, on Lightning Fabric: seeded step by step, logged, resumable after a kill.

Every step's batch and randomness depend on the seed and the step's number alone, so that a resumed training takes
the steps that the killed one would have taken. A checkpoint is one safetensors file: the networks' tensors, the
optimisers' tensors, and a JSON header with the configuration and the step.
"""

from __future__ import annotations

import csv
import json
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from syncbench.errors import CommandError

__all__ = [
    "Batch",
    "Judge",
    "Objective",
    "Optimisation",
    "Pictures",
    "fit",
    "load_networks",
    "read_header",
    "save_networks",
]

Batch = Mapping[str, NDArray[Any]]
Precision = Literal["32-true", "bf16-mixed", "16-mixed"]

_LOG_STEPS = 20


@dataclass(frozen=True, slots=True)
class Optimisation:
    """How one stage is optimised.

    Attributes:
        steps: gradient steps.
        batch: samples per step and process.
        rate: learning rate of Adam.
        judge_rate: learning rate of the discriminator, where there is one.
        betas: of Adam.
        weight_decay: above zero, AdamW.
        warm_up: steps over which the rate rises from zero.
        decay: the share of the steps, at the end, over which the rate falls to zero along a half cosine.
        precision: Fabric's name of it.
    """

    steps: int
    batch: int
    rate: float = 1e-4
    judge_rate: float = 5e-4
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 0.0
    warm_up: int = 0
    decay: float = 0.0
    precision: Precision = "32-true"

    def factor(self, step: int) -> float:
        """Return what the rate is multiplied by at ``step``."""
        rising = min(1.0, (step + 1) / self.warm_up) if self.warm_up else 1.0
        falling = self.decay * self.steps
        left = self.steps - step
        return rising * (0.5 - 0.5 * math.cos(math.pi * left / falling) if left < falling else 1.0)


class Pictures(NamedTuple):
    """What a discriminator is to tell apart: images ``[N, 3, H, W]``."""

    real: Tensor
    generated: tuple[Tensor, ...]


class Objective(Protocol):
    """A module that returns its losses, ``loss`` being what is minimised, and the pictures for a judge, if any."""

    def __call__(self, batch: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]: ...


class Judge(nn.Module):
    """Wraps a discriminator as the objective that trains it: BCE, real to 1, generated to 0."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Pictures) -> Tensor:
        bce = nn.functional.binary_cross_entropy_with_logits
        real = self.network(pictures.real)
        loss = bce(real, torch.ones_like(real))
        for images in pictures.generated:
            fake = self.network(images.detach())
            loss = loss + bce(fake, torch.zeros_like(fake))
        return loss


def _header(config: Mapping[str, Any], **more: Any) -> dict[str, str]:
    # One entry: several would be written in any order, and equal trainings give equal bytes.
    return {"checkpoint": json.dumps({"config": config, **more})}


def save_networks(
    path: Path, networks: Mapping[str, nn.Module], config: Mapping[str, Any], *, half: bool = False, **more: Any
) -> None:
    """Write networks to one safetensors file, keys ``network.parameter``, with ``config`` as JSON in its header.

    ``half`` stores floating-point tensors in 16 bits.
    """
    tensors = {
        f"{name}.{key}": _stored(value, half)
        for name, net in networks.items()
        for key, value in net.state_dict().items()
    }
    _write(path, tensors, _header(config, **more))


def _stored(value: Tensor, half: bool) -> Tensor:
    value = value.detach().cpu().contiguous()
    return value.half() if half and value.is_floating_point() else value


def _write(path: Path, tensors: Mapping[str, Tensor], header: dict[str, str]) -> None:
    part = path.with_suffix(".part")
    save_file(dict(tensors), part, metadata=header)
    os.replace(part, path)


def read_header(path: Path) -> dict[str, Any]:
    """Return the header of a checkpoint: ``config`` and whatever else was said. Raises CommandError."""
    try:
        with safe_open(path, framework="pt") as file:
            found: dict[str, Any] = json.loads((file.metadata() or {})["checkpoint"])
            return found
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise CommandError(f"{path} is no checkpoint of a SyncBench generator: {error}") from error


def load_networks(path: Path, networks: Mapping[str, nn.Module]) -> dict[str, Any]:
    """Fill networks from a checkpoint and return its header. Raises CommandError where keys or shapes do not fit."""
    header = read_header(path)
    try:
        with safe_open(path, framework="pt") as file:
            keys = set(file.keys())
            for name, network in networks.items():
                state = {
                    key: file.get_tensor(f"{name}.{key}") for key in network.state_dict() if f"{name}.{key}" in keys
                }
                network.load_state_dict(state)
    except (OSError, RuntimeError, SafetensorError) as error:
        first = str(error).splitlines()[0]
        raise CommandError(f"{path} does not fit the network it is loaded into: {first}") from error
    return header


def _optimiser_tensors(name: str, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimiser.state_dict()["state"]
    return {
        f"{name}/{index}/{key}": value.detach().cpu().contiguous()
        for index, entry in state.items()
        for key, value in entry.items()
    }


def _load_optimiser(path: Path, name: str, optimiser: torch.optim.Optimizer) -> None:
    state = optimiser.state_dict()
    entries: dict[int, dict[str, Tensor]] = {}
    with safe_open(path, framework="pt") as file:
        for key in file.keys():  # noqa: SIM118
            owner, _, rest = key.partition("/")
            if owner == name:
                index, _, what = rest.partition("/")
                entries.setdefault(int(index), {})[what] = file.get_tensor(key)
    optimiser.load_state_dict({**state, "state": entries})


@dataclass
class _Log:
    """Losses by step, to ``metrics.csv`` and TensorBoard."""

    folder: Path
    board: Any
    sums: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def add(self, losses: Mapping[str, Tensor]) -> None:
        for key, value in losses.items():
            self.sums.setdefault(key, []).append(float(value.detach()))

    def write(self, step: int, extra: Mapping[str, float]) -> None:
        row = {key: sum(values) / len(values) for key, values in self.sums.items()} | dict(extra)
        self.sums.clear()
        self.board.log_metrics(row, step)
        path = self.folder / "metrics.csv"
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "name", "value"])
            writer.writerows([step, key, f"{value:.6g}"] for key, value in row.items())

    def forget_after(self, step: int) -> None:
        """Drop rows that a killed run wrote past its last checkpoint."""
        path = self.folder / "metrics.csv"
        if path.exists():
            lines = path.read_text().splitlines()
            kept = [line for line in lines if line.startswith("step") or int(line.split(",")[0]) <= step]
            path.write_text("\n".join(kept) + "\n")


def _adam(parameters: Any, rate: float, recipe: Optimisation) -> torch.optim.Optimizer:
    if recipe.weight_decay:
        return torch.optim.AdamW(parameters, rate, betas=recipe.betas, weight_decay=recipe.weight_decay)
    return torch.optim.Adam(parameters, rate, betas=recipe.betas)


def fit(
    *,
    stage: str,
    out: Path,
    objective: nn.Module,
    networks: Mapping[str, nn.Module],
    batches: Callable[[np.random.Generator, int], Batch],
    recipe: Optimisation,
    config: Mapping[str, Any],
    seed: int,
    resume: bool,
    device: str = "cpu",
    judge: Judge | None = None,
    validate: Callable[[], Mapping[str, float]] | None = None,
    validate_every: int = 1000,
    save_seconds: float = 60.0,
) -> Path:
    """Train one stage and return its checkpoint, ``out/<stage>.safetensors``.

    ``objective`` is an ``Objective``; its trainable parameters are optimised. ``networks`` are saved. ``batches``
    gives the batch of a step from that step's own random generator. A finished stage is not trained again under
    ``resume``; an unfinished one goes on from its last checkpoint. Logs lie in ``out/<stage>/``. Where
    ``out/<stage>.start.safetensors`` lies, the stage begins from its networks: so a model is tuned on other data.
    """
    from lightning_fabric import Fabric
    from lightning_fabric.loggers.tensorboard import TensorBoardLogger

    folder = out / stage
    folder.mkdir(parents=True, exist_ok=True)
    final, unfinished = out / f"{stage}.safetensors", folder / "checkpoint.safetensors"
    begin = out / f"{stage}.start.safetensors"
    if resume and final.exists():
        load_networks(final, networks)
        return final
    accelerator, _, index = device.partition(":")
    devices: Any = [int(index)] if index else ("auto" if accelerator == "cuda" else 1)
    board = TensorBoardLogger(out, name=stage, version="tensorboard")
    fabric = Fabric(accelerator=accelerator, devices=devices, precision=recipe.precision, loggers=[board])
    fabric.launch()
    torch.manual_seed(seed)
    trained = [p for p in objective.parameters() if p.requires_grad]
    optimiser = _adam(trained, recipe.rate, recipe)
    saved: dict[str, nn.Module] = dict(networks)
    judge_optimiser: torch.optim.Optimizer | None = None
    if judge is not None:
        judge_optimiser = _adam(judge.parameters(), recipe.judge_rate, recipe)
        saved["judge"] = judge.network
    log = _Log(folder, board)
    first = 0
    if resume and unfinished.exists():
        first = int(load_networks(unfinished, saved)["step"])
        _load_optimiser(unfinished, "optimiser", optimiser)
        if judge_optimiser is not None:
            _load_optimiser(unfinished, "judge_optimiser", judge_optimiser)
        log.forget_after(first)
    else:
        (folder / "metrics.csv").unlink(missing_ok=True)
        if begin.exists():
            load_networks(begin, networks)
    step_objective, optimiser_ = fabric.setup(objective, optimiser)
    step_judge, judge_optimiser_ = (
        fabric.setup(judge, judge_optimiser) if judge is not None and judge_optimiser is not None else (None, None)
    )

    def save(step: int) -> None:
        tensors = {
            f"{name}.{key}": _stored(v, False) for name, net in saved.items() for key, v in net.state_dict().items()
        }
        tensors |= _optimiser_tensors("optimiser", optimiser)
        if judge_optimiser is not None:
            tensors |= _optimiser_tensors("judge_optimiser", judge_optimiser)
        _write(unfinished, tensors, _header(config, step=step, stage=stage, seed=seed, recipe=asdict(recipe)))

    last_saved = started = time.monotonic()
    for step in range(first, recipe.steps):
        rng = np.random.default_rng([seed, step, fabric.global_rank])
        torch.manual_seed(int(rng.integers(2**31)))
        batch = {
            key: fabric.to_device(torch.from_numpy(np.ascontiguousarray(v))) for key, v in batches(rng, step).items()
        }
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * recipe.factor(step)
        losses, pictures = step_objective(batch)
        optimiser_.zero_grad()
        fabric.backward(losses["loss"])
        optimiser_.step()
        if step_judge is not None and judge_optimiser_ is not None and pictures is not None:
            for group in judge_optimiser.param_groups if judge_optimiser else ():
                group["lr"] = recipe.judge_rate * recipe.factor(step)
            judge_optimiser_.zero_grad()
            loss = step_judge(pictures)
            fabric.backward(loss)
            judge_optimiser_.step()
            losses["judge"] = loss
        if not math.isfinite(float(losses["loss"].detach())):
            raise CommandError(
                f"training of stage {stage} broke down at step {step}: the loss is not a number; lower the rate"
            )
        log.add(losses)
        done = step + 1
        last = done == recipe.steps
        if fabric.is_global_zero and (done % _LOG_STEPS == 0 or last):
            extra = {"steps_per_second": (done - first) / (time.monotonic() - started)}
            if validate is not None and (done % validate_every == 0 or last):
                extra |= {f"val_{key}": value for key, value in validate().items()}
            log.write(done, extra)
        if fabric.is_global_zero and not last and time.monotonic() - last_saved > save_seconds:
            save(done)
            last_saved = time.monotonic()
    if fabric.is_global_zero:
        save_networks(final, saved, config, step=recipe.steps, stage=stage, seed=seed, recipe=asdict(recipe))
        unfinished.unlink(missing_ok=True)
        board.finalize("success")
    fabric.barrier()
    return final
