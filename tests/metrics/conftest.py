"""Weights that stand in for official ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from syncbench import weights
from syncbench.files import file_hash

StandIn = Callable[[str, Mapping[str, torch.Tensor]], None]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Save a checkpoint under the name of an official file, and let its hash be the official one."""

    def put(name: str, state: Mapping[str, torch.Tensor]) -> None:
        path = tmp_path / "weights" / weights.lookup(name).file
        path.parent.mkdir(exist_ok=True)
        torch.save(dict(state), path)
        known = [replace(k, bytes=None, sha256=file_hash(path)) if k.name == name else k for k in weights.KNOWN]
        monkeypatch.setattr(weights, "KNOWN", tuple(known))
        monkeypatch.setenv("SYNCBENCH_WEIGHTS", str(path.parent))

    return put
