"""Distance of lips and speech by shift: where a system's sync lies, and how sharply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench.reports.figures.colours import INK, run_colours, run_lines
from syncbench.reports.figures.drawing import Drawing, Widths, legend, short
from syncbench.reports.section import Section
from syncbench.reports.tables.titles import model_title
from syncbench.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

__all__ = ["SECTION", "shift"]


def shift(runs: Sequence[Run], width: float) -> Canvas | None:
    """Draw the mean distance of lips and speech at each shift, averaged over each run's clips."""
    from matplotlib import pyplot as plt

    lines: list[tuple[Run, NDArray[Any], NDArray[Any]]] = []
    for run in runs:
        curves = [run.curves(clip, run.conditions[0]) for clip in run.manifest.clips]
        whole = [c for c in curves if "offset" in c and "distance" in c]
        whole = [c for c in whole if c["offset"].shape == whole[0]["offset"].shape == c["distance"].shape]
        if whole:
            lines.append((run, whole[0]["offset"], np.nanmean([c["distance"] for c in whole], axis=0)))
    if not lines:
        return None
    colours = run_colours(runs)
    canvas, axis = plt.subplots(figsize=(width, 0.75 * width))
    lines_of = run_lines(runs)
    for run, offsets, distances in lines:
        axis.plot(
            offsets,
            distances,
            color=colours[str(run.path)],
            label=short(model_title(run)),
            linestyle=lines_of[str(run.path)],
        )
    axis.axvline(0, color=INK, linewidth=0.5)
    axis.set_xlabel("offset [frames of 40 ms], + means the speech is early")
    axis.set_ylabel("mean distance")
    legend(canvas)
    return canvas


def _figures(runs: Sequence[Run], widths: Widths) -> Iterator[Drawing]:
    yield Drawing("shift", "Distance of lips and speech by shift", partial(shift, runs, widths.column))


SECTION = Section("shift", "distance of lips and speech by shift", order=20, figures=_figures)
