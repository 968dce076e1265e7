"""Tables in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from syncbench.reports.table import Cell, Column, Row, Table, arrow
from syncbench.reports.text import plain

__all__ = ["grid", "print_tables"]


def print_tables(tables: list[Table], console: Console | None = None) -> None:
    """Print every table with its notes."""
    console = console or Console()
    for table in tables:
        console.print(grid(table))
        for note in table.notes:
            console.print(Text(f"  {plain(note)}", style="dim"))
        console.print()


def grid(table: Table) -> Grid:
    """Return a rich table: systems first, anchors below a line. Text is never read as markup."""
    title = Text(plain(table.title), style="bold" if table.measured else "bold italic")
    made = Grid(title=title, title_justify="left", header_style="", border_style="dim")
    made.add_column(Text("system" if table.measured else "published as"), overflow="fold")
    for column in table.columns:
        made.add_column(_head(column), justify="right", overflow="fold")
    for row in table.systems:
        made.add_row(_name(row), *(_cell(cell) for cell in row.cells))
    if table.anchors:
        made.add_section()
    for row in table.anchors:
        made.add_row(_name(row), *(_cell(cell) for cell in row.cells), style="dim")
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


def _cell(cell: Cell) -> Text:
    if cell.value is None:
        return Text("–" if not cell.note else "n/a", style="dim")
    text = Text(plain(cell.display), style="bold green" if cell.order == 1 else "underline" if cell.order == 2 else "")
    if cell.rank is not None:
        text.append(f" #{cell.rank_display}", style="not bold not underline cyan")
    if cell.beats_real:
        text.append(" >real", style="not bold not underline yellow")
    if cell.failed:
        text.append(f" ({cell.n}/{cell.n + cell.failed})", style="not bold not underline red")
    return text
