"""Sweeps: runs that differ in one number a model takes, such as its context: the curve, its best point and its knee.

Context on synthetic data is held against what is known there: how far the rendered mouths' coarticulation reaches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from syncbench import registry
from syncbench.contracts import Score
from syncbench.errors import CommandError
from syncbench.metrics.phonetic_context import ContextCurve, context_curve, window_seconds
from syncbench.reports.leaderboard import digest, is_clean, link, shared_parts, system_title
from syncbench.reports.table import Cell, Column, Row, Table, arrow
from syncbench.reports.text import figure_text, number
from syncbench.runs import Run
from syncbench.signature import comparable
from syncbench.statistics import resamplable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["Sweep", "draw_sweep", "sweep_tables", "sweeps"]

_CONTEXT = "context"
_WHOLE = "clip"
"""What the option ``context`` calls a window over the whole clip."""
_TRUTH = frozenset({"phones", "articulators", "reach", "identity"})
_BEST, _KNEE, _KNOWN = "C1", "C2", "#404552"


@dataclass(frozen=True, slots=True)
class Sweep:
    """Runs of one model over the same clips that differ in the option ``key`` alone.

    Attributes:
        values: the option's values, ascending; infinite for the whole clip.
        runs: one for each.
        scores: the headline scores with a better way, as the first run has them.
        curves: the curve of each score.
        reach: frames of context that the clips' coarticulation is known to need; None where it is not, or ``key`` is no
            context.
    """

    key: str
    values: tuple[float, ...]
    runs: tuple[Run, ...]
    scores: tuple[Score, ...]
    curves: tuple[ContextCurve, ...]
    reach: int | None

    @property
    def title(self) -> str:
        """Return the model, with the options it was given beside the one that is swept."""
        others = [f"{key}={value}" for key, value in self.runs[0].manifest.request.options.items() if key != self.key]
        return ", ".join([system_title(self.runs[0]), *others])

    def label(self, value: float) -> str:
        """Return a value as the option spells it."""
        return _WHOLE if math.isinf(value) else f"{value:g}"


def sweeps(runs: Sequence[Run]) -> list[Sweep]:
    """Return what is swept among the runs: every option whose numbers alone make two runs or more differ."""
    systems = [run for run in runs if not run.is_anchor]
    found: list[Sweep] = []
    for key in dict.fromkeys(key for run in systems for key in run.manifest.request.options):
        groups: dict[str, dict[float, Run]] = {}
        for run in systems:
            value = _value(run, key)
            if value is not None:
                groups.setdefault(_else(run, key), {}).setdefault(value, run)
        found += [_sweep(key, group) for group in groups.values() if len(group) > 1]
    return [sweep for sweep in found if sweep.curves]


def _value(run: Run, key: str) -> float | None:
    """Return an option as a number: as the system says it understood it, else as it was given."""
    asked = run.manifest
    text = asked.settings.get(key) or asked.request.options.get(key, "")
    if key == _CONTEXT and text == _WHOLE:
        return math.inf
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _else(run: Run, key: str) -> str:
    """Return all that must agree among the runs of a sweep."""
    asked = run.manifest
    others = [{k: v for k, v in of.items() if k != key} for of in (asked.request.options, asked.settings)]
    return repr((asked.model, asked.dataset_hash, asked.split, asked.pairing, asked.seed, run.conditions, others))


def _sweep(key: str, group: Mapping[float, Run]) -> Sweep:
    values = tuple(sorted(group))
    runs = tuple(group[value] for value in values)
    curves = {score: curve for score in runs[0].summary.scores if (curve := _curve(score, values, runs)) is not None}
    reach = _known_reach(runs[0]) if key == _CONTEXT else None
    return Sweep(key, values, runs, tuple(curves), tuple(curves.values()), reach)


def _curve(score: Score, values: Sequence[float], runs: Sequence[Run]) -> ContextCurve | None:
    """Return the curve of a score over the clips that all runs measured; None where there can be none."""
    if not score.headline or score.direction == "none" or score.value is None or not is_clean(score.condition):
        return None
    try:
        if not all(comparable(_same_score(run, score).signature, score.signature) for run in runs):
            return None
        if not resamplable(registry.metric(score.metric).measurement):
            return None
        kept = [run.measurements(score.metric, score.condition) for run in runs]
    except (CommandError, StopIteration):  # the metric's plugin is not installed here, or a run lacks the score
        return None
    clips = [clip for clip in kept[0] if all(clip in of for of in kept)]
    groups = runs[0].groups()
    measured = {value: [of[clip] for clip in clips] for value, of in zip(values, kept, strict=True)}
    try:
        return context_curve(measured, [groups[clip] for clip in clips], score.name, score.direction == "lower")
    except ValueError:  # no clip in common, or no value
        return None


def _same_score(run: Run, score: Score) -> Score:
    """Return a run's own value of a score that another run has. Raises StopIteration."""
    wanted = (score.metric, score.name, score.condition)
    return next(own for own in run.summary.scores if (own.metric, own.name, own.condition) == wanted)


def _known_reach(run: Run) -> int | None:
    """Return how far coarticulation reaches in the run's clips, from their truth; None where any clip has none."""
    files = [clip.extras.get("truth") for clip in map(run.reference, run.groups())]
    known = tuple(file for file in files if file is not None and file.is_file())
    return _reach_of(known) if known and len(known) == len(files) else None


@lru_cache(maxsize=8)
def _reach_of(files: tuple[Path, ...]) -> int | None:
    from syncbench.datasets.synthetic.reach import coarticulation_reach

    truths: list[dict[str, Any]] = []
    for file in files:
        with np.load(file, allow_pickle=False) as kept:
            if not set(kept.files) >= _TRUTH:
                return None
            truths.append({name: kept[name] for name in kept.files})
    return coarticulation_reach(truths)


def sweep_tables(runs: Sequence[Run]) -> list[Table]:
    """Return two tables for each sweep: the scores at each value, and each score's best value, knee and gain."""
    return [table for sweep in sweeps(runs) for table in (_values_table(sweep), _best_table(sweep))]


def _table(sweep: Sweep, title: str, caption: str, columns: list[Column], rows: list[Row], **more: Any) -> Table:
    asked = sweep.runs[0].manifest
    where = f"{sweep.title} · {asked.dataset}/{asked.split} · {asked.pairing} pairing"
    return Table(
        f"{title}: {where}", caption, tuple(columns), tuple(rows), asked.dataset, asked.split, asked.task,
        asked.pairing, **more,
    )  # fmt: skip


def _values_table(sweep: Sweep) -> Table:
    columns = [Column("window", "Window", "s", "none", 2, "window_seconds")] if sweep.key == _CONTEXT else []
    for i, score in enumerate(sweep.scores):
        signature = shared_parts(score.signature)
        columns.append(Column(f"c{i}", score.title, score.unit, score.direction, score.digits, signature))
    rows: list[Row] = []
    for i, (value, run) in enumerate(zip(sweep.values, sweep.runs, strict=True)):
        seconds = window_seconds(value)
        window = None if math.isinf(seconds) else seconds
        cells = [Cell(window, number(window, 2), "none", note="the whole clip")] if sweep.key == _CONTEXT else []
        for score, curve in zip(sweep.scores, sweep.curves, strict=True):
            place = sorted(curve.values, reverse=score.direction == "higher").index(curve.values[i]) + 1
            own = _same_score(run, score)
            cells.append(
                Cell(
                    curve.values[i], number(curve.values[i], score.digits), score.direction, link(run),
                    interval=(curve.low[i], curve.high[i]), order=place, signature=own.signature, n=own.n,
                    failed=own.failed,
                )
            )  # fmt: skip
        rows.append(Row(sweep.label(value), run.name, digest(run), "", tuple(cells), link(run)))
    return _table(sweep, f"By {sweep.key}", "", columns, rows, rows_are=sweep.key)


def _best_table(sweep: Sweep) -> Table:
    unit = "frames" if sweep.key == _CONTEXT else ""
    digits = max(len(f"{v:g}".partition(".")[2]) for v in sweep.values)
    columns = [
        Column("best", "Best", unit, "none", digits, "context_curve"),
        Column("knee", "Knee", unit, "none", digits, "context_curve"),
        Column(
            "gain", "Gain", "", "none", 4, "context_curve", variant=f"best - {sweep.key}={sweep.label(sweep.values[0])}"
        ),
    ]
    rows: list[Row] = []
    for score, curve in zip(sweep.scores, sweep.curves, strict=True):
        gain_of = score.unit or "score"
        cells = (
            Cell(curve.best, sweep.label(curve.best), "none", interval=(curve.best_low, curve.best_high)),
            Cell(curve.knee, sweep.label(curve.knee), "none", interval=(curve.knee_low, curve.knee_high)),
            Cell(curve.gain, number(curve.gain, 4), "none", interval=(curve.gain_low, curve.gain_high), note=gain_of),
        )
        rows.append(Row(" ".join(filter(None, (score.title, score.unit and f"[{score.unit}]"))), "", "", "", cells))
    notes = [
        f"Knee: the first {sweep.key} within 1 % of the best score. Clips are resampled alike at every {sweep.key}."
    ]
    if sweep.reach is not None:
        notes.append(_known(sweep.reach))
    return _table(sweep, f"Best {sweep.key}", "", columns, rows, rows_are="score", notes=tuple(notes))


def _known(reach: int) -> str:
    from syncbench.datasets.synthetic.reach import LEFT_OUT

    return (
        f"Known of these clips: coarticulation reaches {reach} frames on either side (a window of "
        f"{window_seconds(reach):.2f} s). Knowing the phones of so much context leaves at most {100 * LEFT_OUT:.0f} % of "
        "the error in the mouth's shape that knowing those of the frame alone has."
    )


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
        axis.axhline(0.0, color="#404552", linewidth=0.5)
        low, high = axis.get_ylim()
        axis.set_ylim(low - 0.3 * (high - low), high)  # room for the marks below the curve
        _mark(axis, places, curve, (curve.best, curve.best_low, curve.best_high), 0.06, _BEST, "*", "best, 95 %")
        _mark(axis, places, curve, (curve.knee, curve.knee_low, curve.knee_high), 0.15, _KNEE, "D", "knee, 95 %")
        if sweep.reach is not None:
            axis.axvline(
                _place(sweep.reach, sweep.values),
                color=_KNOWN,
                linewidth=0.9,
                linestyle=(0, (3, 2)),
                label="reach of coarticulation",
            )
        unit = f" {score.unit}" if score.unit else ""
        axis.set_title(figure_text(f"{score.title} {arrow(score.direction)}"))
        axis.set_ylabel(figure_text(f"change from {number(curve.values[0], score.digits)}{unit}"), fontsize=6)
        axis.set_xticks(list(places.values()), [sweep.label(value) for value in places])
        axis.set_xlabel(figure_text(f"{sweep.key} [frames]" if sweep.key == _CONTEXT else sweep.key))
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
