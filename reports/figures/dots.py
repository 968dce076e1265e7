"""Scores with their intervals as dots, a panel per score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncbench.reports.figures.colours import FLOOR
from syncbench.reports.figures.drawing import short
from syncbench.reports.tables.table import Table, head
from syncbench.reports.text import figure_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

__all__ = ["dots"]


def dots(table: Table, width: float) -> Canvas | None:
    """Draw one panel per score with a direction: each system a dot with its interval, the real thing a dashed line."""
    from matplotlib import pyplot as plt

    shown = [i for i, c in enumerate(table.columns) if c.direction != "none" and len(set(_values(table, i))) > 1]
    if not shown:
        return None
    rows = [*table.systems, *table.anchors]
    across = min(4, len(shown))
    down = -(-len(shown) // across)
    size = (width, down * (0.42 + 0.17 * len(rows)))
    canvas, axes = plt.subplots(down, across, figsize=size, sharey=True, squeeze=False)
    for axis, i in zip(axes.flat, shown, strict=False):
        for y, row in enumerate(rows):
            cell = row.cells[i]
            if cell.value is None:
                continue
            colour = FLOOR if row.anchor else "C0"
            if cell.interval:
                axis.plot(cell.interval, (y, y), color=colour, linewidth=2.2, alpha=0.4, solid_capstyle="round")
            axis.plot(cell.value, y, "o", color=colour)
            if row.real:
                axis.axvline(cell.value, color="C2", linewidth=0.8, linestyle=(0, (3, 2)))
        axis.set_title(figure_text(head(table.columns[i])))
        axis.set_yticks(range(len(rows)), [short(row.anchor or row.title) for row in rows])
        axis.set_ylim(len(rows) - 0.5, -0.5)
        axis.locator_params(axis="x", nbins=4)
        axis.grid(axis="y", visible=False)
    for axis in axes.flat[len(shown) :]:
        axis.set_visible(False)
    return canvas


def _values(table: Table, column: int) -> list[float]:
    return [value for row in table.rows if (value := row.cells[column].value) is not None]
