"""Tables as GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from syncbench.reports.tables.table import Cell, Row, Table, head
from syncbench.reports.text import plain

__all__ = ["bullets", "code", "escape", "grid", "to_markdown"]

# Everything that could begin markup, a link, a mention or math; entities are never read as structure.
_ENTITIES = {ord(c): f"&#{ord(c)};" for c in "&<>`*_{}[]!|~$@:\\#"}


def escape(text: str) -> str:
    """Return untrusted ``text`` as literal Markdown that is safe inside a table cell."""
    return plain(text).translate(_ENTITIES).replace("www.", "www&#46;")


def code(text: str) -> str:
    """Return untrusted ``text`` in monospace. HTML code takes entities, so that no fence can be closed."""
    return f"<code>{escape(text)}</code>"


def to_markdown(table: Table) -> str:
    """Return the table with title, caption, notes and signatures."""
    heads = [table.rows_are, *(head(column) for column in table.columns)]
    marks = ["---", *("---:" for _ in table.columns)]
    rows = [[_name(row), *(_cell(cell) for cell in row.cells)] for row in (*table.systems, *table.anchors)]
    lines = [f"### {escape(table.title)}", ""]
    lines += [escape(table.caption), ""] if table.caption else []
    lines += grid([escape(text) for text in heads], marks, rows)
    lines += ["", *bullets(escape(note) for note in table.notes)] if table.notes else []
    if table.measured and table.columns:
        lines += ["", "<details><summary>signatures</summary>", ""]
        lines += bullets(f"{escape(head(column))} {code(column.signature)}" for column in table.columns)
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def grid(heads: list[str], marks: list[str], rows: list[list[str]]) -> list[str]:
    """Return a pipe table's lines. Cells must be escaped already."""
    return [f"| {' | '.join(cells)} |" for cells in (heads, marks, *rows)]


def bullets(items: Iterable[str]) -> list[str]:
    """Return a list's lines. Items must be escaped already."""
    return [f"- {item}" for item in items]


def _name(row: Row) -> str:
    name = escape(row.title)
    if row.literature:
        return f"*{name}*<br>{escape(row.literature)}"
    return f"*{name}* (anchor)" if row.anchor else name


def _cell(cell: Cell) -> str:
    if cell.value is None:
        return "withheld" if cell.withheld else "n/a" if cell.note else "–"
    text = escape(cell.display)
    text = f"**{text}**" if cell.order == 1 else f"<ins>{text}</ins>" if cell.order == 2 else text
    extras = [f"#{cell.rank_display}"] if cell.rank is not None else []
    extras += [">&nbsp;real"] if cell.beats_real else []
    extras += [cell.count] if cell.count else []
    extras = [extra.replace(">", "&gt;").replace("#", "&#35;") for extra in extras]
    return f"{text} <sub>{', '.join(extras)}</sub>" if extras else text
