"""The package as a whole: import names, public names, quick help."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

import pytest

import syncbench
from syncbench import registry
from syncbench.errors import CommandError

ROOT = Path(__file__).parents[2]


def modules() -> list[str]:
    found: list[str] = []
    for part in ("metrics", "baselines", "reports"):
        for path in (ROOT / part).rglob("*.py"):
            parts = ("syncbench", *path.relative_to(ROOT).with_suffix("").parts)
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return sorted(found)


@pytest.mark.parametrize("name", modules())
def test_every_module_is_inside_the_package(name: str) -> None:
    assert importlib.util.find_spec(name) is not None


def test_top_level_folders_are_not_import_names() -> None:
    loaded = "import sys, syncbench.metrics, syncbench.baselines, syncbench.reports; print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert not {"metrics", "baselines", "reports"} & set(names)


def test_public_names_exist_and_are_sorted() -> None:
    assert sorted(syncbench.__all__) == syncbench.__all__
    for name in syncbench.__all__:
        assert getattr(syncbench, name) is not None


def test_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "syncbench._version.__version__"}
    assert syncbench.__version__ == version("syncbench"), "run pip install -e . again: the version has changed"


def test_entry_points_of_this_checkout_are_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for group, wanted in project["entry-points"].items():
        installed = {entry.name: entry.value for entry in entry_points(group=group)}
        assert wanted.items() <= installed.items(), f"run pip install -e . again: {group} has changed"


@pytest.mark.parametrize("kind", registry.KINDS)
def test_everything_bundled_loads(kind: str) -> None:
    bundled = [name for name in registry.names(kind) if registry.owner(kind, name) == "syncbench"]
    assert bundled
    for name in bundled:
        assert registry.load(kind, name) is not None


NAMED: dict[str, Callable[[str], Any]] = {
    "dataset": registry.dataset,
    "metric": registry.metric,
    "task": registry.task,
    "protocol": registry.protocol,
    "landmark provider": registry.landmarks,
}


@pytest.mark.parametrize("kind", NAMED)
def test_everything_goes_by_its_own_name(kind: str) -> None:
    for name in registry.names(kind):
        assert NAMED[kind](name).name == name


def test_every_system_has_a_task() -> None:
    for name in registry.names("model"):
        assert registry.task(registry.model(name).task)


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(CommandError, match="unknown dataset 'lrs22': did you mean lrs2"):
        registry.dataset("lrs22")


def test_help_imports_nothing_heavy() -> None:
    listing = "import sys; from syncbench.cli.app import app; print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"torch", "numpy", "pandas", "scipy", "av", "matplotlib", "pydantic"} & set(names)
    assert not heavy, f"--help would import {heavy}"
