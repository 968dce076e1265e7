"""Checkpoints: whole or half precision, and wrong ones said clearly."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from syncbench.baselines.checkpoint import load_networks, load_tensors, read_header, save_networks
from syncbench.errors import CommandError


def test_half_precision_is_stored_and_read_back(tmp_path: Path) -> None:
    network = nn.BatchNorm2d(2)
    path = tmp_path / "half.safetensors"
    save_networks(path, {"net": network}, {}, half=True)
    assert load_file(path)["net.weight"].dtype == torch.float16
    assert load_file(path)["net.num_batches_tracked"].dtype == torch.int64
    load_networks(path, {"net": network})
    assert network.weight.dtype == torch.float32
    assert {key: value.dtype for key, value in load_tensors(path).items()} == {
        f"net.{key}": value.dtype for key, value in network.state_dict().items()
    }


def test_wrong_checkpoints_are_said_clearly(tmp_path: Path) -> None:
    path = tmp_path / "line.safetensors"
    save_networks(path, {"net": nn.Linear(2, 2)}, {})
    with pytest.raises(CommandError, match="does not fit"):
        load_networks(path, {"net": nn.Linear(3, 2)})
    path.write_bytes(b"no checkpoint")
    with pytest.raises(CommandError, match="is no checkpoint"):
        read_header(path)
    with pytest.raises(CommandError, match="is no readable safetensors file"):
        load_tensors(path)
