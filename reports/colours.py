"""What colour stands for which run, in every figure alike."""

from __future__ import annotations

from collections.abc import Sequence

from syncbench.runs import Run

__all__ = ["FLOOR", "run_colours"]

FLOOR = "#9aa1b0"  # anchors are grey: they are no competitors


def run_colours(runs: Sequence[Run]) -> dict[str, str]:
    """Return the colour of each run by its path: systems in the order given, anchors grey."""
    systems = [run for run in runs if not run.is_anchor]
    colours = {str(run.path): f"C{i % 8}" for i, run in enumerate(systems)}
    return {str(run.path): colours.get(str(run.path), FLOOR) for run in runs}
