"""What every test may use: real media where they are, caches of its own, one thread."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from syncbench import _torchvision

_torchvision.ensure_torchvision()
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real clips and golden scores: ``$SYNCBENCH_TEST_DATA``, else ``../shared`` beside the checkout."""
    folder = Path(os.environ.get("SYNCBENCH_TEST_DATA") or Path(__file__).parents[2] / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"real clips are not here: put them in {folder}, or say where with SYNCBENCH_TEST_DATA")
    return folder


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for this test session alone, so that nothing is green because of yesterday."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["SYNCBENCH_CACHE"] = str(folder)
    return folder
