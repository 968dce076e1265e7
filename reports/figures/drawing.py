"""How figures are drawn and saved. Each is drawn only where the runs hold its data; equal runs give equal files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from syncbench.reports.text import figure_text, file_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

__all__ = ["WIDTHS", "Drawing", "Figure", "Widths", "draw", "legend", "short", "style"]


@dataclass(frozen=True, slots=True)
class Widths:
    """Widths of a paper in inches: of one column and of the whole text."""

    column: float
    text: float


WIDTHS = {
    "cvpr": Widths(3.25, 6.875),
    "eccv": Widths(4.80, 4.80),
    "icassp": Widths(3.39, 7.00),
    "interspeech": Widths(3.15, 6.69),
    "neurips": Widths(5.50, 5.50),
}
"""Conference -> its widths."""
KINDS = ("pdf", "svg", "png")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure to draw: its file's name, its title, and what draws it (None where there is nothing to draw)."""

    name: str
    title: str
    draw: Callable[[], Canvas | None]


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn figure: ``<name>.pdf``, ``.svg`` and ``.png`` exist."""

    name: str
    title: str


@contextmanager
def style() -> Iterator[None]:
    """Use the project's style within a ``with`` block."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    with as_file(files("syncbench.reports.figures") / "paper.mplstyle") as path, plt.style.context(str(path)):
        yield


def draw(drawings: Iterable[Drawing], folder: Path) -> list[Figure]:
    """Draw what there is to draw into ``folder`` and return it."""
    drawn: list[Figure] = []
    with style():
        for drawing in drawings:
            canvas = drawing.draw()
            if canvas is not None:
                name = file_name(drawing.name)
                _save(canvas, folder, name)
                drawn.append(Figure(name, drawing.title))
    return drawn


def _save(canvas: Canvas, folder: Path, name: str) -> None:
    from matplotlib import pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    plain_dates = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {"Software": None}}
    canvas.draw_without_rendering()
    canvas.set_layout_engine("none")  # laid out once, not once per format
    for kind in KINDS:
        canvas.savefig(folder / f"{name}.{kind}", metadata=plain_dates[kind])
    plt.close(canvas)


def legend(canvas: Canvas) -> None:
    """Put the legend below the axes, where it hides nothing."""
    canvas.legend(loc="outside lower center", ncols=3)


def short(text: str) -> str:
    """Return a name as short as a figure has room for."""
    return figure_text(text)[:28]
