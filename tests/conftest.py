"""What every test may use: real media where they are, caches of its own, one thread."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from syncbench import _torchvision, cli, registry
from tests.stills import write_stills

_torchvision.ensure_torchvision()
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real clips and golden scores: ``$SYNCBENCH_TEST_DATA``, else ``../shared`` beside the checkout."""
    folder = Path(os.environ.get("SYNCBENCH_TEST_DATA") or Path(__file__).parents[2] / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"real clips are not here: put them in {folder}, or say where with SYNCBENCH_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def lrs2_grid() -> Path:
    """Eight real test clips, five to train on and one between, in LRS2's layout, with landmarks and word times."""
    return Path(__file__).parent / "data" / "lrs2-grid"


@pytest.fixture(scope="session")
def stills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rendered people as a folder of stills."""
    return write_stills(tmp_path_factory.mktemp("stills"), 12)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for this test session alone, so that nothing is green because of yesterday."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["SYNCBENCH_CACHE"] = str(folder)
    return folder


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it printed."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Done]
Install = Callable[..., None]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``syncbench ARGS`` in a folder of its own; in this process, to be quick."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*args: str, **environment: str) -> Done:
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

    return run


@pytest.fixture
def install(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a module of a stranger's with its entry points: ``install(source, models={"odd": "Odd"})``."""

    def put(source: str, **groups: dict[str, str]) -> None:
        site = tmp_path_factory.mktemp("site")
        (site / "stranger.py").write_text(source)
        (site / "stranger-1.dist-info").mkdir()
        (site / "stranger-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
        entries = [f"[syncbench.{group}]\n" + _lines(names) for group, names in groups.items()]
        (site / "stranger-1.dist-info/entry_points.txt").write_text("\n".join(entries))
        monkeypatch.syspath_prepend(str(site))
        sys.modules.pop("stranger", None)
        registry.forget()

    yield put
    sys.modules.pop("stranger", None)
    registry.forget()


def _lines(names: dict[str, str]) -> str:
    return "".join(f"{name} = stranger:{thing}\n" for name, thing in names.items())
