"""Which kinds of figures runs have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from syncbench.reports.figures.drawing import WIDTHS, draw
from syncbench.reports.section import drawings_of
from syncbench.runs import Run


def drawn(runs: Sequence[Run], folder: Path) -> set[str]:
    """Draw every figure of the runs into a folder and return their kinds: the first parts of their names."""
    return {figure.name.partition("-")[0] for figure in draw(drawings_of(runs, WIDTHS["cvpr"]), folder)}
