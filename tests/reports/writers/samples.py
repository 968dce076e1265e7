"""A table that every writer writes, texts that want to break out of it, and a page's tags."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser

from syncbench.reports.tables.table import Cell, Column, Row, Table
from syncbench.reports.text import number

SIGNATURE = (
    "lse_c|evaluator=syncnet_v2@961e8696|protocol=native.1|pairing=self|dataset=lrs2/test@1f0c|fps=25|n=60|v=0.1.0"
)

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "]]><!--",
    "|evil|cell|\n| --- |",
    "[click](http://evil.example) ![x](http://evil.example/x.png) www.evil.example <b>b</b> `code` **bold** $x^2$ @you",
    r"\input{/etc/passwd} \write18{id} $x$ % & # _ { } ~ ^ \\ \end{tabular} ^^5cinput",
    "}}} {{ } lone braces",
    '=HYPERLINK("http://evil.example")',
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1+1",
    " =1+1",
    "\uff1d1+1",
    "\x1b[31mred\x1b[2J\x07",
    "a\u202egpj.exe",
    "line\r\nbreak\x00\u2028end",
    "\udcff lone surrogate",
    "日本語 𝔪𝔞𝔱𝔥 🙂",
)


def table(text: str = "wav2lip", *, measured: bool = True) -> Table:
    columns = (
        Column("c0", "LSE-C", "", "higher", 3, SIGNATURE, "", "native.1", ranked=True),
        Column("c1", "WER", "%", "lower", 1, SIGNATURE, text, ""),
        Column("c2", "AV offset", "frames", "none", 2, SIGNATURE),
    )

    def cells(lse: float | None, wer: float, offset: float, **more: object) -> tuple[Cell, ...]:
        span = None if lse is None else (lse - 0.5, lse + 0.5)
        first = Cell(lse, number(lse, 3), "higher", interval=span, signature=SIGNATURE, n=58, failed=2)
        first = dataclasses.replace(first, **more)  # type: ignore[arg-type]
        return first, Cell(wer, number(wer, 1), "lower", note=text), Cell(offset, number(offset, 2), "none")

    best = cells(7.5, 0.0, -1.25, rank=1, order=1, clear=True, beats_real=True)
    rows = (
        Row(text, "run-a", "ab" * 32, "", best, "#run-a"),
        Row("second", "run-b", "cd" * 32, "", cells(0.0, 31.5, 0.0, rank=2, order=2), "#run-b", text),
        Row("third", "run-c", "cd" * 32, "", cells(None, 100.0, 0.0), "#run-c"),
        Row("reference (real video)", "run-r", "ef" * 32, "reference", cells(7.0, 2.0, 0.0, anchor=True), "#run-r"),
    )
    return Table(f"{text} table", text, columns, rows, text, "test", "talking-face", "self", (text,), measured)


class _Page(HTMLParser):
    """Every tag and attribute of a page, and the text outside of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    page = _Page()
    page.feed(text)
    return page.tags
