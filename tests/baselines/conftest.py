"""Clips that the bundled evaluators never saw in training."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncbench import registry
from syncbench.clip import Clip

from .asking import cut


@pytest.fixture(scope="session")
def grid_clips(lrs2_grid: Path) -> list[Clip]:
    """Six GRID test clips, with landmark files and transcripts."""
    return real_clips(lrs2_grid, "test", 6)


@pytest.fixture(scope="session")
def short_clip(grid_clips: list[Clip]) -> Clip:
    """The first second of a GRID test clip."""
    return cut(grid_clips[0], 1.0)


@pytest.fixture(scope="session")
def synthetic_clips(cache: Path) -> list[Clip]:
    """Two clips of synthetic test speakers, rendered into the session's cache."""
    return [c for c in registry.dataset("synthetic").clips(None, "test", 2) if isinstance(c, Clip)]


def real_clips(lrs2_grid: Path, split: str, count: int) -> list[Clip]:
    """Return the first clips of a split of the real data."""
    listed = registry.dataset("lrs2").clips(lrs2_grid, split, count)
    return [clip for clip in listed if isinstance(clip, Clip)]
