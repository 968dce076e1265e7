"""A comparison as text: the numbers are in it, and no stranger's text breaks out."""

from __future__ import annotations

import io
import json

from rich.console import Console

from syncbench.reports.decisions.compare import compare
from syncbench.reports.decisions.comparison_text import print_comparison, to_json, to_markdown

from ..conftest import BASE, MakeRun


def test_renderers_hold_the_numbers_and_escape(make_run: MakeRun) -> None:
    clips = ["</script>|x|\x1b[2J", *[f"s/{i}" for i in range(39)]]
    moved = list(BASE[:40])
    moved[0] -= 3
    result = compare(make_run("a|b", list(BASE[:40]), clips=clips), make_run("b", moved, clips=clips))
    console = Console(file=io.StringIO(), width=160, color_system=None)
    print_comparison(result, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "LSE-C" in printed
    assert "\x1b" not in printed
    text = to_markdown(result)
    assert "</script>" not in text
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1
    record = json.loads(to_json(result))
    assert record["differences"][0]["verdict"] == "not shown"
