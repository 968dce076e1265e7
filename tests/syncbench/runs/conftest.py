"""The example plugin, installed as a stranger's would be, and a command line that sees it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from syncbench import cli, registry

PLUGIN = Path(__file__).parents[2] / "plugin"


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it printed."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Done]


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
def syncbench(
    plugin_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Run ``syncbench ARGS`` in a folder of its own, with the plugin on the path; in this process, to be quick."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(plugin_site))
    monkeypatch.setenv("COLUMNS", "160")
    registry.forget()

    def command(*args: str, **environment: str) -> Done:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["syncbench", *args])
            for name, value in environment.items():
                patch.setenv(name, value)
            try:
                cli.main()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    yield command
    registry.forget()
