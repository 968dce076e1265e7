"""Tables as Markdown."""

from __future__ import annotations

import re

import pytest

from syncbench.reports.writers import markdown

from .samples import HOSTILE, table


def test_markdown_marks_and_keeps_zero() -> None:
    text = markdown.to_markdown(table())
    assert "| **7.500** <sub>&#35;1, &gt;&nbsp;real, 58/60</sub> |" in text
    assert "<ins>0.000</ins>" in text  # zero is a value
    assert "*reference (real video)* (anchor)" in text
    assert "(58/60" not in text.splitlines()[0]


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_cannot_be_broken_out_of(text: str) -> None:
    tame, wild = (markdown.to_markdown(table(t)).splitlines() for t in ("wav2lip", text))
    assert len(wild) == len(tame)
    assert [line.count("|") for line in wild] == [line.count("|") for line in tame]
    escaped = markdown.escape(text)
    assert not re.search(r"[<>`*_\[\]|$\\@!]|://|www\.", escaped)
