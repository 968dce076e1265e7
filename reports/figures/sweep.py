"""A sweep, drawn: how each score changes with the option, its best value and its knee."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from syncbench.metrics.phonetic_context import ContextCurve
from syncbench.reports.figures.colours import INK
from syncbench.reports.tables.sweeps import Sweep
from syncbench.reports.tables.table import arrow
from syncbench.reports.text import figure_text, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["draw_sweep"]

_BEST, _KNEE = "C1", "C2"


def draw_sweep(sweep: Sweep, width: float) -> Canvas:
    """Draw how each score changes from the smallest value on, its best value and knee with intervals, and what is known.

    Changes are of the same clips, so that their intervals say nothing of how clips differ.
    """
    from matplotlib import pyplot as plt

    across = min(4, len(sweep.scores))
    down = -(-len(sweep.scores) // across)
    size = (width * across / 4, 0.25 * width * down + 0.3)
    canvas, axes = plt.subplots(down, across, figsize=size, squeeze=False)
    places = _places(sweep.values)
    for axis, score, curve in zip(axes.flat, sweep.scores, sweep.curves, strict=False):
        at = [places[value] for value in curve.contexts]
        axis.fill_between(at, curve.gains_low, curve.gains_high, color="C0", alpha=0.18, linewidth=0)
        axis.plot(at, curve.gains, color="C0", marker="o", markersize=2.5)
        axis.axhline(0.0, color=INK, linewidth=0.5)
        low, high = axis.get_ylim()
        axis.set_ylim(low - 0.3 * (high - low), high)  # room for the marks below the curve
        _mark(axis, places, curve, (curve.best, curve.best_low, curve.best_high), 0.06, _BEST, "*", "best, 95 %")
        _mark(axis, places, curve, (curve.knee, curve.knee_low, curve.knee_high), 0.15, _KNEE, "D", "knee, 95 %")
        if sweep.reach is not None:
            axis.axvline(
                _place(sweep.reach, sweep.values),
                color=INK,
                linewidth=0.9,
                linestyle=(0, (3, 2)),
                label="reach of coarticulation",
            )
        unit = f" {score.unit}" if score.unit else ""
        axis.set_title(figure_text(f"{score.title} {arrow(score.direction)}"))
        axis.set_ylabel(figure_text(f"change from {number(curve.values[0], score.digits)}{unit}"), fontsize=6)
        axis.set_xticks(list(places.values()), [sweep.label(value) for value in places])
        axis.set_xlabel(figure_text(f"{sweep.key} [frames]" if sweep.is_context else sweep.key))
    for axis in axes.flat[len(sweep.scores) :]:
        axis.set_visible(False)
    handles, names = axes.flat[0].get_legend_handles_labels()
    canvas.legend(handles, names, loc="outside lower center", ncols=3)
    return canvas


def _places(values: Sequence[float]) -> dict[float, float]:
    """Return where each value stands on the axis; one that is infinite, a step to the right of the others."""
    finite = {v: _place(v, values) for v in values if math.isfinite(v)}
    step = (max(finite.values()) - min(finite.values())) / max(len(finite) - 1, 1) or 1.0
    return finite | {v: max(finite.values()) + step for v in values if math.isinf(v)}


def _place(value: float, among: Sequence[float]) -> float:
    """Return the square root, so that small values have room; of any sign the value itself."""
    return math.sqrt(value) if min(among) >= 0 else value


def _mark(
    axis: Axes, places: Mapping[float, float], curve: ContextCurve, found: tuple[float, float, float], height: float,
    colour: str, marker: str, label: str,
) -> None:  # fmt: skip
    """Mark a value on the curve, and its interval as a bar near the bottom."""
    value, low, high = (places[number] for number in found)
    below = axis.get_xaxis_transform()
    axis.plot((low, high), (height, height), color=colour, linewidth=2.2, alpha=0.45, transform=below)
    axis.plot(value, height, marker, color=colour, transform=below, linestyle="none", label=label)
    axis.plot(value, curve.gains[curve.contexts.index(found[0])], marker, color=colour, markersize=4)
