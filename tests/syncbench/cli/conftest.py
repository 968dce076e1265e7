"""The command line as people use it: a process of its own; and small films to use it on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from syncbench import media
from syncbench.clip import SAMPLES_PER_FRAME

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Film = Callable[[str, str], Path]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run ``syncbench ARGS`` in a folder of its own; the exit code and what was printed come back."""

    def run(*args: object) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "syncbench", *map(str, args)]
        return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)

    return run


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """Write a short film and, beside it, the words that are said in it: ``film("a/1", "Text: HELLO")``."""
    frames = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    speech = (0.3 * np.sin(np.arange(12 * SAMPLES_PER_FRAME) / 5)).astype(np.float32)

    def write(name: str, words: str) -> Path:
        path = tmp_path / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".txt").write_text(f"{words}\n")
        return media.write_video(path, frames, speech)

    return write
