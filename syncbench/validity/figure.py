"""The evidence as a picture: how one score responds to every ladder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from syncbench.validity.expectations import expected
from syncbench.validity.response import Response, verdict

__all__ = ["draw"]

_COLOURS = {"holds": "#0072B2", "fails": "#D55E00", "": "#777777"}
_SAID = {"+": "must rise", "-": "must fall", "0": "must not care", "": "no promise"}


def draw(responses: Sequence[Response], path: Path) -> None:
    """Draw the responses of one score, a panel per ladder: corpus score against level, the 95 % band of its change.

    ``path`` ends in ``.svg``, ``.pdf`` or ``.png``. Blue: as promised; red: not; grey: nothing was promised.
    """
    from matplotlib.figure import Figure

    columns = 4
    rows = -(-len(responses) // columns)
    figure = Figure(figsize=(7.0, 1.7 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat[len(responses) :]:
        axis.set_axis_off()
    for axis, response in zip(axes.flat, responses, strict=False):
        levels = [step.level for step in response.steps]
        values = [step.value for step in response.steps]
        colour = _COLOURS[verdict(response)]
        bands = [(step.low, step.high) for step in response.steps]
        if all(low is not None and high is not None for low, high in bands):
            start = values[0]
            axis.fill_between(
                levels, [start + (low or 0) for low, _ in bands], [start + (high or 0) for _, high in bands],
                color=colour, alpha=0.2, linewidth=0,
            )  # fmt: skip
        axis.plot(levels, values, marker="o", markersize=3, linewidth=1, color=colour)
        said = _SAID[expected(response.score, response.ladder)]
        axis.set_title(f"{response.ladder.replace('_', ' ')}\n{said}, τ {response.tau:+.2f}", fontsize=7)
        axis.set_xlabel(response.unit, fontsize=6)
        axis.tick_params(labelsize=6)
    figure.suptitle(f"{responses[0].score}: {responses[0].settings}", fontsize=7)
    figure.savefig(path)
