"""The example plugin, installed as a stranger's would be, and a command line that sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "plugin"
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def plugin_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example plugin installed from its own pyproject.toml."""
    folder = tmp_path_factory.mktemp("site")
    source = tmp_path_factory.mktemp("source")
    subprocess.run(["cp", "-r", str(PLUGIN), str(source)], check=True)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "install", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", str(folder), str(source / "plugin")], check=True)
    return folder


@pytest.fixture
def syncbench(plugin_site: Path, tmp_path: Path) -> Command:
    """Run ``syncbench ARGS`` in a folder of its own, with the plugin installed."""

    def command(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(plugin_site), *filter(None, [os.environ.get("PYTHONPATH")])])
        return subprocess.run(
            [sys.executable, "-m", "syncbench", *args],
            capture_output=True, text=True, cwd=tmp_path, timeout=300,
            env={**os.environ, "PYTHONPATH": path, "COLUMNS": "160", **environment},
        )  # fmt: skip

    return command
