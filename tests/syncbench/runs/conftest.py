"""A command line in a folder of its own, strangers' packages on the path, and small films to run over."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from syncbench import media, registry
from syncbench.clip import SAMPLES_PER_FRAME

from ...conftest import Command, Done, Install

__all__ = ["Command", "Done", "Install", "film", "over"]

PLUGIN = Path(__file__).parents[2] / "plugin"


def film(path: Path, n: int = 0, count: int = 12) -> Path:
    """Write a grey face that grows lighter and hums: another one for each ``n``."""
    level = np.linspace(60 + 10 * n, 90 + 20 * n, count).clip(0, 255).astype(np.uint8)
    frames = np.broadcast_to(level[:, None, None, None], (count, 32, 32, 3)).copy()
    speech = 0.1 * np.sin(np.arange(count * SAMPLES_PER_FRAME) * 0.1 * (n + 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    return media.write_video(path, frames, speech.astype(np.float32))


def over(root: str | Path, model: str, metrics: str = "image_quality") -> list[str]:
    """Return the command that runs a model alone over a folder of videos, but for ``--out``."""
    asked = ["run", "--model", model, "--dataset", "folder", "--root", str(root), "--metrics", metrics]
    return [*asked, "--alone", "--workers", "1"]


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder of four films, each with the words it says."""
    for n in range(4):
        film(tmp_path / "films" / f"{n}.mp4", n).with_suffix(".txt").write_text(f"hum {n}")
    return tmp_path / "films"


@pytest.fixture(scope="session")
def plugin_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a stranger's plugin installed from its own pyproject.toml."""
    folder = tmp_path_factory.mktemp("site")
    source = tmp_path_factory.mktemp("source")
    subprocess.run(["cp", "-r", str(PLUGIN), str(source)], check=True)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "install", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", str(folder), str(source / "plugin")], check=True)
    return folder


@pytest.fixture
def syncbench(plugin_site: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """The command line with a stranger's plugin on the path."""
    monkeypatch.syspath_prepend(str(plugin_site))
    registry.forget()
    yield command
    registry.forget()
