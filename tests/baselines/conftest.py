"""Clips that the bundled evaluators never saw in training."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncbench import registry
from syncbench.contracts import Clip


@pytest.fixture(scope="session")
def grid_clips(shared: Path) -> list[Clip]:
    """Six GRID test clips, with landmark files and transcripts."""
    listed = registry.dataset("lrs2").clips(shared / "data" / "lrs2-grid", "test", 6)
    return [c for c in listed if isinstance(c, Clip)]


@pytest.fixture(scope="session")
def synthetic_clips(cache: Path) -> list[Clip]:
    """Two clips of synthetic test speakers, rendered into the session's cache."""
    return [c for c in registry.dataset("synthetic").clips(None, "test", 2) if isinstance(c, Clip)]
