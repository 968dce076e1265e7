"""Documentation that cannot drift: what its Python imports is there, and its links lead somewhere."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _imported(page: Path) -> Iterator[tuple[str, str]]:
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_pages_import_is_there(page: Path) -> None:
    for module, name in _imported(page):
        assert hasattr(importlib.import_module(module), name) or importlib.import_module(f"{module}.{name}"), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_the_tree_of_the_architecture_is_there() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:syncbench|metrics|baselines|reports|tests)/[\w/]+\.py)`", text):
        assert (ROOT / path).is_file(), path
    for path in re.findall(r"`((?:corruptions|datasets|cli|runs)/\w+\.py)`", text):
        assert (ROOT / "syncbench" / path).is_file(), path


@pytest.mark.parametrize("evaluator", ["expert", "landmarks", "lipreader"])
def test_a_card_holds_what_the_benchmark_measured(evaluator: str) -> None:
    place = importlib.util.spec_from_file_location("evaluator_cards", ROOT / "benchmarks" / "evaluator_cards.py")
    assert place is not None
    assert place.loader is not None
    cards = importlib.util.module_from_spec(place)
    place.loader.exec_module(cards)
    card = (ROOT / "baselines" / "evaluators" / evaluator / "card.md").read_text(encoding="utf-8")
    assert card == cards.with_table(card, evaluator)
