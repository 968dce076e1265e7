"""Checkpoints: networks and their configuration in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from syncbench.errors import CommandError
from syncbench.files import replacing

__all__ = [
    "header",
    "load_networks",
    "load_plain",
    "load_tensors",
    "network_tensors",
    "read_header",
    "save_networks",
    "write_tensors",
]


def header(config: Mapping[str, Any], **more: Any) -> dict[str, str]:
    """Return a checkpoint's metadata: its configuration, and whatever else is to be said, as JSON."""
    # One entry: several would be written in any order, and equal trainings give equal bytes.
    return {"checkpoint": json.dumps({"config": config, **more})}


def save_networks(
    path: Path, networks: Mapping[str, nn.Module], config: Mapping[str, Any], *, half: bool = False, **more: Any
) -> None:
    """Write networks to one safetensors file, keys ``network.parameter``, with ``config`` as JSON in its header.

    ``half`` stores floating-point tensors in 16 bits.
    """
    write_tensors(path, network_tensors(networks, half=half), header(config, **more))


def network_tensors(networks: Mapping[str, nn.Module], *, half: bool = False) -> dict[str, Tensor]:
    """Return the tensors of networks as they are kept, by ``network.parameter``, or of one named ``""`` by ``parameter``."""
    return {
        f"{name}.{key}" if name else key: _stored(value, half)
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }


def _stored(value: Tensor, half: bool) -> Tensor:
    """Return a tensor as it is kept: on the CPU, floating-point ones in 16 bits where ``half``."""
    value = value.detach().cpu().contiguous()
    return value.half() if half and value.is_floating_point() else value


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write tensors to a safetensors file, whole or not at all."""
    with replacing(path) as temporary:
        save_file(dict(tensors), temporary, metadata=metadata)


def read_header(path: Path) -> dict[str, Any]:
    """Return the header of a checkpoint: ``config`` and whatever else was said. Raises CommandError."""
    try:
        with safe_open(path, framework="pt") as file:
            found: dict[str, Any] = json.loads((file.metadata() or {})["checkpoint"])
            return found
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise CommandError(f"{path} is no checkpoint that SyncBench wrote: {error}") from error


def load_networks(path: Path, networks: Mapping[str, nn.Module]) -> dict[str, Any]:
    """Fill networks from a checkpoint and return its header. Raises CommandError where keys or shapes do not fit."""
    said = read_header(path)
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
    return said


def load_plain(path: Path, network: nn.Module) -> None:
    """Fill a network from a file of its tensors alone, by ``parameter``. Raises CommandError where they do not fit."""
    try:
        network.load_state_dict(load_tensors(path))
    except RuntimeError as error:
        first = str(error).splitlines()[0]
        raise CommandError(f"{path} does not fit the network it is loaded into: {first}") from error


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file by name, floating-point ones in 32 bits. Raises CommandError."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise CommandError(f"{path} is no readable safetensors file: {str(error).splitlines()[0]}") from error
    return {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}
