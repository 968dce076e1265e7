"""Tables in the terminal."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from syncbench.reports.writers import terminal

from .samples import HOSTILE, table


def test_terminal_shows_marks_anchors_and_failures() -> None:
    console = Console(width=160, file=io.StringIO(), color_system=None)
    terminal.print_tables([table()], console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "7.500 #1 >real (58/60)" in text
    assert "[7.000, 8.000]" in text
    assert text.index("third") < text.index("reference")


@pytest.mark.parametrize("text", HOSTILE)
def test_terminal_gets_no_control_characters(text: str) -> None:
    console = Console(width=200, file=io.StringIO(), color_system=None)
    terminal.print_tables([table(text)], console)
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", written)
