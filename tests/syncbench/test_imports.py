"""One direction of imports: no circle of files or rooms, and nothing that answers or measures imports training.

Imports inside functions count, and those for type checkers too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("syncbench", "metrics", "baselines", "reports")


def _module(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    return name if name.split(".")[0] == "syncbench" else f"syncbench.{name}"


def _files() -> dict[str, Path]:
    found = [p for part in PARTS for p in sorted((ROOT / part).rglob("*.py")) if not _linked(p)]
    return {_module(path): path for path in found if "example" not in path.parts}


def _linked(path: Path) -> bool:
    return any(parent.is_symlink() for parent in path.parents if parent != ROOT and ROOT in parent.parents)


def _imported(tree: ast.AST, module: str, package: bool) -> Iterable[str]:
    """Yield what a file imports, by full name; of ``from a import b`` both ``a.b`` and ``a``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                above = parts[: len(parts) - node.level + package]
                base = ".".join([*above, *([base] if base else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
            yield base


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """Every module and the modules that it imports."""
    files = _files()
    graph: dict[str, set[str]] = {}
    for module, path in files.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = _imported(tree, module, path.name == "__init__.py")
        named = [name for name in found if name in files and name != module]
        # ``from syncbench import media`` names the package and a module in it: the module alone is meant
        graph[module] = {name for name in named if not any(other.startswith(f"{name}.") for other in named)}
    return graph


def _circle(graph: Mapping[str, Iterable[str]]) -> str:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " -> ".join(error.args[1])
    return ""


def _room(module: str) -> str:
    """Return the folder a module is in; a module right under ``syncbench`` is a room of its own."""
    parts = module.split(".")
    if len(parts) > 2 and parts[1] in ("baselines", "reports"):
        return ".".join(parts[:3])
    return ".".join(parts[:2])


def _rooms(graph: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    rooms: dict[str, set[str]] = {}
    for module, needs in graph.items():
        found = rooms.setdefault(_room(module), set())
        found |= {_room(need) for need in needs if _room(need) != _room(module)}
    return rooms


def test_no_circle_of_files(imports: dict[str, set[str]]) -> None:
    assert not (circle := _circle(imports)), circle


def test_no_circle_of_rooms(imports: dict[str, set[str]]) -> None:
    assert not (circle := _circle(_rooms(imports))), circle


def _reached(graph: Mapping[str, Iterable[str]], start: str) -> dict[str, list[str]]:
    """Return every module that is imported from ``start`` on, with the way to it."""
    ways: dict[str, list[str]] = {start: [start]}
    waiting = [start]
    while waiting:
        module = waiting.pop()
        for need in graph[module]:
            if need not in ways:
                ways[need] = [*ways[module], need]
                waiting.append(need)
    return ways


def _trains(module: str) -> bool:
    return "training" in module.split(".")


def test_nothing_but_training_imports_training(imports: dict[str, set[str]]) -> None:
    for module in imports:
        if _trains(module):
            continue
        for reached, way in _reached(imports, module).items():
            assert not _trains(reached), " -> ".join(way)


def test_the_engine_knows_no_metric_model_or_section(imports: dict[str, set[str]]) -> None:
    inner = ("runs", "registry", "statistics", "features", "media", "corruptions", "datasets", "phonetics")
    outer = ("metrics", "baselines", "reports", "cli")
    found = [module for module in imports if f"{module}.".split(".")[1] in inner]
    assert found
    for module in found:
        for reached, way in _reached(imports, module).items():
            assert f"{reached}.".split(".")[1] not in outer, " -> ".join(way)


def test_a_circle_is_found() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}), "the test itself can fail"
    assert not _circle({"a": {"b", "c"}, "b": {"c"}, "c": set()})
