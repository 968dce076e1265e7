r"""Tables as LaTeX with booktabs: best value bold, second underlined, the record of every number as a comment.

The text compiles with pdfLaTeX, XeLaTeX and LuaLaTeX and needs ``\usepackage{booktabs}`` alone.
"""

from __future__ import annotations

from syncbench.reports.tables.table import Cell, Column, Row, Table
from syncbench.reports.text import plain

__all__ = ["document", "escape", "fragment", "to_latex"]

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char`\"}",
    "'": r"{\char`\'}",
    "`": r"{\char`\`}",
    "-": "{-}",  # two hyphens would become a dash
    "–": "--",
    "—": "---",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "→": r"$\rightarrow$",
} | {c: f"\\{c}" for c in "&%$#_{}"}
_ARROWS = {"higher": r"$\uparrow$", "lower": r"$\downarrow$", "none": ""}


def escape(text: str) -> str:
    """Return untrusted ``text`` as literal LaTeX. Letters beyond Latin are named by code point: pdfLaTeX lacks them."""
    return "".join(_SPECIAL.get(c) or (c if ord(c) < 0x180 else f"[U+{ord(c):04X}]") for c in plain(text))


def to_latex(table: Table, label: str = "") -> str:
    """Return a ``table`` environment; ``label`` goes after ``tab:`` and must be ASCII letters, digits and hyphens."""
    wide = len(table.columns) > 5
    kind = "table*" if wide else "table"
    lines = [rf"\begin{{{kind}}}[t]", r"  \centering", *([r"  \footnotesize"] if wide else [])]
    lines += [f"  \\caption{{{_caption(table)}}}"]
    lines += [f"  \\label{{tab:{label}}}"] if label else []
    lines += [f"  % {plain(column.signature)}" for column in table.columns if column.signature]
    records = [f"{row.title}: run {row.run}, sha256 {row.digest}" for row in table.rows if row.run]
    lines += [f"  % {plain(record)}" for record in records]
    lines += [f"  \\begin{{tabular}}{{l{'r' * len(table.columns)}}}", r"    \toprule"]
    heads = [
        table.rows_are.capitalize() if table.measured else "Published",
        *(_head(column) for column in table.columns),
    ]
    lines += [f"    {' & '.join(heads)} \\\\", r"    \midrule"]
    lines += [_row(row) for row in table.systems]
    if table.anchors:
        lines += [r"    \midrule"] if table.systems else []
        lines += [_row(row) for row in table.anchors]
    lines += [r"    \bottomrule", r"  \end{tabular}", rf"\end{{{kind}}}"]
    return "\n".join(lines) + "\n"


def document(tables: list[Table]) -> str:
    """Return all tables as one document that compiles."""
    head = ["\\documentclass{article}", "\\usepackage{booktabs}", "\\begin{document}"]
    return "\n".join([*head, fragment(tables), "\\end{document}"]) + "\n"


def fragment(tables: list[Table]) -> str:
    r"""Return all tables for a paper to ``\input``."""
    parts = [to_latex(table, label=f"syncbench-{i}") for i, table in enumerate(tables, 1)]
    return "\n".join([r"% needs \usepackage{booktabs}", *parts])


def _caption(table: Table) -> str:
    cells = [cell for row in table.rows for cell in row.cells]
    parts = [f"{escape(table.title)}."]
    parts += [escape(table.caption)] if table.caption else []
    if table.measured:
        parts.append(r"Best value \textbf{bold}, second \underline{underlined}.")
    if any(cell.clear for cell in cells):
        parts.append(r"$^{*}$ significantly better than every other system (paired bootstrap, Holm, 5\,\%).")
    if any(cell.beats_real for cell in cells):
        parts.append(r"$^{\dagger}$ significantly better than the real recording.")
    parts += [escape(note) for note in table.notes]
    return " ".join(parts)


def _head(column: Column) -> str:
    parts = [escape(column.title)]
    parts += [rf"({escape(column.variant)})"] if column.variant else []
    parts += [rf"[{escape(column.unit)}]"] if column.unit else []
    parts += [_ARROWS[column.direction]] if column.direction != "none" else []
    return "{" + " ".join(parts) + "}"  # a leading [ after \\ would be read as a length


def _row(row: Row) -> str:
    name = escape(row.title)
    name = rf"\emph{{{name}}}" if row.anchor else name
    name = f"{name} ({escape(row.literature)})" if row.literature else name
    return f"    {' & '.join(['{' + name + '}', *(_cell(cell) for cell in row.cells)])} \\\\"


def _cell(cell: Cell) -> str:
    if cell.value is None:  # zero is a value
        return "{withheld}" if cell.withheld else "{--}"
    text = escape(cell.display).replace("{-}", "$-$")
    text = rf"\textbf{{{text}}}" if cell.order == 1 else rf"\underline{{{text}}}" if cell.order == 2 else text
    marks = ("*" if cell.clear else "") + (r"\dagger" if cell.beats_real else "")
    return f"{text}$^{{{marks}}}$" if marks else text
