"""What colour, line and mark stand for which run, in every figure alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from syncbench.reports.tables.titles import is_real
from syncbench.runs import Run

__all__ = ["FLOOR", "INK", "run_colours", "run_lines", "run_marks"]

FLOOR = "#9aa1b0"  # anchors are grey: they are no competitors
INK = "#404552"
_LINES: tuple[Any, ...] = ((0, (3, 2)), (0, (1, 1)), "-.")
_MARKS = ("s", "x", "^")


def run_colours(runs: Sequence[Run]) -> dict[str, str]:
    """Return the colour of each run by its path: systems in the order given, anchors grey."""
    systems = [run for run in runs if not run.is_anchor]
    colours = {str(run.path): f"C{i % 8}" for i, run in enumerate(systems)}
    return {str(run.path): colours.get(str(run.path), FLOOR) for run in runs}


def run_lines(runs: Sequence[Run]) -> dict[str, Any]:
    """Return matplotlib's line style of each run by its path: systems whole, the real thing dashed, others dotted."""
    return _each(runs, "-", _LINES)


def run_marks(runs: Sequence[Run]) -> dict[str, str]:
    """Return matplotlib's marker of each run by its path: systems round, anchors of other shapes."""
    return _each(runs, "o", _MARKS)


def _each(runs: Sequence[Run], system: Any, anchors: Sequence[Any]) -> dict[str, Any]:
    models = list(dict.fromkeys(run.manifest.model for run in runs if run.is_anchor and not is_real(run)))
    found: dict[str, Any] = {}
    for run in runs:
        place = 0 if is_real(run) else 1 + models.index(run.manifest.model) % 2 if run.is_anchor else None
        found[str(run.path)] = system if place is None else anchors[place]
    return found
