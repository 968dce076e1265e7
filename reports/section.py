"""Sections: what a report is made of. Each is one analysis of runs, with its tables and figures.

Found by the entry points ``syncbench.sections``, so that a metric brings its own.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from syncbench import registry
from syncbench.errors import ClipError, CommandError, Unavailable, debugging
from syncbench.reports.figures.drawing import Drawing, Widths
from syncbench.reports.tables.table import Table
from syncbench.runs import Run

__all__ = ["Section", "drawings_of", "tables_of"]

T = TypeVar("T")


def _no_tables(runs: Sequence[Run]) -> Iterable[Table]:
    return ()


def _no_figures(runs: Sequence[Run], widths: Widths) -> Iterable[Drawing]:
    return ()


@dataclass(frozen=True, slots=True)
class Section:
    """An analysis of runs.

    Attributes:
        name: such as ``memory``.
        summary: one sentence: what it shows.
        order: where it stands in a report, lower first.
        tables: takes all runs of a report, gives the tables of those that hold what it is about; none where none do.
        figures: takes the runs and a paper's widths, gives what is to be drawn.
    """

    name: str
    summary: str
    order: int = 50
    tables: Callable[[Sequence[Run]], Iterable[Table]] = _no_tables
    figures: Callable[[Sequence[Run], Widths], Iterable[Drawing]] = _no_figures


def _sections() -> list[Section]:
    found: list[Section] = []
    for name, section in registry.loaded("section").items():
        if isinstance(section, Section):
            found.append(section)
        else:
            warnings.warn(f"{registry.whose('section', name)} is no Section: it is left out", stacklevel=2)
    return sorted(found, key=lambda section: (section.order, section.name))


def tables_of(runs: Sequence[Run]) -> list[Table]:
    """Return the tables of every section. One that fails is left out, with a warning that names it."""
    return [table for section in _sections() for table in _made(section, lambda s: list(s.tables(runs)))]


def drawings_of(runs: Sequence[Run], widths: Widths) -> list[Drawing]:
    """Return what every section has to draw. One that fails is left out, with a warning that names it."""
    found: list[Drawing] = []
    for section in _sections():
        for drawing in _made(section, lambda s: list(s.figures(runs, widths))):
            found.append(Drawing(drawing.name, drawing.title, _guarded(section, drawing)))
    return found


def _guarded(section: Section, drawing: Drawing) -> Callable[[], Any]:
    def draw() -> Any:
        made = _made(section, lambda _: [drawing.draw()])
        return made[0] if made else None

    return draw


def _made(section: Section, make: Callable[[Section], list[T]]) -> list[T]:
    try:
        return make(section)
    except (ClipError, CommandError, Unavailable) as error:
        what = str(error)
    except Exception as error:
        if debugging():
            traceback.print_exc()
        what = registry.stranger(error)
    warnings.warn(f"{registry.whose('section', section.name)} is left out: {what}", stacklevel=2)
    return []
