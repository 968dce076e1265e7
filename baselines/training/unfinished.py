"""The checkpoint of an unfinished stage: networks, optimisers, and where the random numbers stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from syncbench.baselines.checkpoint import header, load_networks, network_tensors, read_header, write_tensors
from syncbench.baselines.training.batches import Batches
from syncbench.baselines.training.randomness import random_tensors, restore_random
from syncbench.errors import CommandError

__all__ = ["keep", "take_up"]

_BATCHES = "batches"


def keep(
    path: Path,
    networks: Mapping[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
    batches: Batches,
    config: Mapping[str, Any],
    **said: Any,
) -> None:
    """Write all that a training needs to go on as if it had not been stopped."""
    tensors = network_tensors(networks)
    for name, optimiser in optimisers.items():
        for index, entry in optimiser.state_dict()["state"].items():
            for key, value in entry.items():
                tensors[f"{name}/{index}/{key}"] = torch.as_tensor(value).detach().cpu().contiguous()
    tensors |= {f"{_BATCHES}/{key}": value for key, value in batches.state().items()}
    write_tensors(path, tensors | random_tensors(), header(config, **said))


def take_up(
    path: Path,
    networks: Mapping[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
    batches: Batches,
    config: Mapping[str, Any],
    asked: Mapping[str, Any],
) -> int:
    """Load what ``keep`` wrote and return the step to go on with.

    Raises:
        CommandError: it was begun with another configuration, or otherwise than ``asked``: seed, optimisation.
    """
    known, now = read_header(path), json.loads(json.dumps({"config": config, **asked}))
    if different := [key for key, value in now.items() if known.get(key) != value]:
        raise CommandError(f"{path} was begun with another {' and '.join(different)}: give another --out")
    step = int(load_networks(path, networks)["step"])
    owned: dict[str, dict[str, Tensor]] = {}
    with safe_open(path, framework="pt") as file:
        for key in file.keys():  # noqa: SIM118
            owner, slash, rest = key.partition("/")
            if slash:
                owned.setdefault(owner, {})[rest] = file.get_tensor(key)
    for name, optimiser in optimisers.items():
        entries: dict[int, dict[str, Tensor]] = {}
        for key, value in owned.get(name, {}).items():
            index, _, what = key.partition("/")
            entries.setdefault(int(index), {})[what] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": entries})
    batches.restore(step, owned.get(_BATCHES, {}))
    restore_random(path)
    return step
