"""Tables in the terminal: values with their 95 % intervals below, conditions as rows, no wider than the window."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from syncbench.reports.tables.table import Cell, Column, Row, Table, arrow
from syncbench.reports.text import number, plain

__all__ = ["grid", "print_tables"]

_NAME = 28  # widest system name on one line


def print_tables(tables: Sequence[Table], console: Console | None = None) -> None:
    """Print every table with its notes; one that is too wide goes on below, the systems named again."""
    console = console or Console()
    for table in tables:
        for part in _parts(_upright(table), console.width):
            console.print(grid(part))
        for note in table.notes:
            console.print(Text(f"  {plain(note)}", style="dim"))
        console.print()


def _upright(table: Table) -> Table:
    """Return the table with its conditions as rows: there are many, and systems are few."""
    if table.columns_are != "condition" or not table.columns:
        return table
    score = table.columns[0]
    columns: list[Column] = []
    for i, row in enumerate(table.rows):
        name, _, argument = row.title.partition(":")
        columns.append(dataclasses.replace(score, key=f"r{i}", title=name, variant=argument))
    rows = [
        Row(column.variant, "", "", "", tuple(row.cells[i] for row in table.rows))
        for i, column in enumerate(table.columns)
    ]
    return dataclasses.replace(
        table, columns=tuple(columns), rows=tuple(rows), rows_are="condition", columns_are=table.rows_are
    )


def _parts(table: Table, width: int) -> list[Table]:
    """Return the table's columns in as few parts as fit ``width``."""
    names = [table.rows_are, *(plain(row.title) for row in table.rows)]
    room = width - min(_NAME, max(map(len, names))) - 6
    starts = [0]
    used = 0
    for i, column in enumerate(table.columns):
        texts = [_head(column), *(_cell(row.cells[i], column) for row in table.rows)]
        need = 3 + max(max(map(len, text.plain.split("\n"))) for text in texts)
        if used and used + need > room:
            starts.append(i)
            used = 0
        used += need
    ends = [*starts[1:], len(table.columns)]
    return [_part(table, start, end, i) for i, (start, end) in enumerate(zip(starts, ends, strict=True))]


def _part(table: Table, start: int, end: int, number: int) -> Table:
    rows = tuple(dataclasses.replace(row, cells=row.cells[start:end]) for row in table.rows)
    title = f"{table.title} (continued)" if number else table.title
    return dataclasses.replace(table, columns=table.columns[start:end], rows=rows, title=title)


def grid(table: Table) -> Grid:
    """Return a rich table: systems first, anchors below a line. Text is never read as markup."""
    title = Text(plain(table.title), style="bold" if table.measured else "bold italic")
    made = Grid(title=title, title_justify="left", header_style="", border_style="dim", box=box.ROUNDED)
    made.add_column(Text(table.rows_are if table.measured else "published as"), overflow="fold", max_width=_NAME)
    for column in table.columns:
        made.add_column(_head(column), justify="right", overflow="fold")
    for row in table.systems:
        made.add_row(_name(row), *map(_cell, row.cells, table.columns))
    if table.anchors:
        made.add_section()
    for row in table.anchors:
        made.add_row(_name(row), *map(_cell, row.cells, table.columns), style="dim")
    return made


def _name(row: Row) -> Text:
    text = Text(plain(row.title))
    if row.literature:
        text.append(f"\n{plain(row.literature)}", style="dim")
    return text


def _head(column: Column) -> Text:
    text = Text(plain(column.title), style="bold")
    text.append(f" {arrow(column.direction)}" if column.direction != "none" else "")
    if column.unit:
        text.append(f"\n{plain(column.unit)}", style="dim")
    if column.variant:
        text.append(f"\n{plain(column.variant)}", style="dim italic")
    return text


def _cell(cell: Cell, column: Column) -> Text:
    if cell.value is None:
        return Text("withheld" if cell.withheld else "n/a" if cell.note else "–", style="dim")
    text = Text(plain(cell.display), style="bold green" if cell.order == 1 else "underline" if cell.order == 2 else "")
    if cell.rank is not None:
        text.append(f" #{cell.rank_display}", style="not bold not underline cyan")
    if cell.beats_real:
        text.append(" >real", style="not bold not underline yellow")
    if cell.count:
        text.append(f" ({cell.count})", style=f"not bold not underline {'red' if cell.failed else 'yellow'}")
    if cell.interval:
        low, high = (number(bound, column.digits) for bound in cell.interval)
        text.append(f"\n[{low}, {high}]", style="not bold not underline dim")
    return text
