"""What AV-RelScore trusts: a figure of its reliability scores over time, and how they follow the level of corruption."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench import registry
from syncbench.clip import FPS
from syncbench.metric import ScoreSpec
from syncbench.reports.figures.colours import INK
from syncbench.reports.figures.drawing import Drawing, Widths
from syncbench.reports.section import Section
from syncbench.reports.tables.table import Cell, Column, Row, Table
from syncbench.reports.tables.titles import condition_title, digest, link, system_title
from syncbench.reports.text import figure_text, number
from syncbench.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["SECTION", "level_tables", "reliability", "spans"]

_STREAMS = ("video", "audio")
_RANK = "reliability_rank"


def level_tables(runs: Sequence[Run]) -> list[Table]:
    """Return one table per data set of Spearman's rho between reliability and level of corruption.

    The frames of all of a run's conditions are counted together, since one condition has one level of noise; so runs of
    one condition have no row here.
    """
    found: dict[tuple[str, str, str], list[Row]] = {}
    specs = registry.metric(_RANK).scores
    for run in runs:
        asked = run.manifest
        if _RANK not in asked.metrics or len(run.conditions) < 2:
            continue
        total = run.totals(_RANK, run.conditions[0])
        for condition in run.conditions[1:]:
            total = total + run.totals(_RANK, condition)
        values = total.scores()
        cells = tuple(_cell(values.get(spec.name), spec) for spec in specs)
        if any(cell.value is not None for cell in cells):
            row = Row(system_title(run), run.name, digest(run), "", cells, link(run))
            found.setdefault((asked.dataset, asked.split, asked.task), []).append(row)
    return [
        Table(
            title=f"Reliability by level of corruption: {dataset}/{split}",
            caption="Spearman's rho over the frames of all conditions.",
            columns=tuple(Column(s.name, s.title, s.unit, s.direction, s.digits, _RANK) for s in specs),
            rows=tuple(rows),
            dataset=dataset,
            split=split,
            task=task,
            notes=("Over the frames of all conditions together; no intervals.",),
        )
        for (dataset, split, task), rows in found.items()
    ]


def _cell(value: float | None, spec: ScoreSpec) -> Cell:
    if value is None or not math.isfinite(value):
        return Cell(None, "n/a", spec.direction, note="no two levels of it")
    return Cell(float(value), number(value, spec.digits), spec.direction)


def spans(level: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Return where ``level [T]`` is not NaN, as ``(first, last + 1)``."""
    inside = np.concatenate([[False], np.isfinite(level), [False]])
    edges = np.flatnonzero(np.diff(inside.astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def reliability(runs: Sequence[Run], width: float) -> Canvas | None:
    """Draw the reliability of both streams of one clip, under the condition that corrupts most kinds of frames.

    The clip is the first of the first run that has reliability curves. None where no run has them.
    """
    from matplotlib import pyplot as plt

    found = _most_corrupted(runs)
    if found is None:
        return None
    title, curves = found
    canvas, axes = plt.subplots(2, 1, sharex=True, figsize=(width, 0.8 * width))
    kinds = sorted({k.partition(".")[2] for k in curves if k.startswith("corruption/")})
    for axis, stream in zip(axes, _STREAMS, strict=True):
        scores = curves.get(f"reliability_{stream}")
        if scores is not None:
            axis.plot(np.arange(len(scores)) / FPS, scores, color=INK)
        for kind in kinds:
            _shade(axis, curves.get(f"corruption/{stream}.{kind}"), f"C{kinds.index(kind) % 8}")
        axis.set_ylabel(f"{stream} score")
    for kind in kinds:
        axes[0].fill_between([], [], color=f"C{kinds.index(kind) % 8}", alpha=0.3, linewidth=0, label=kind)
    axes[0].set_title(title)
    axes[1].set_xlabel("time [s]")
    if kinds:
        canvas.legend(loc="outside lower center", ncols=3)
    return canvas


def _shade(axis: Axes, level: NDArray[np.floating] | None, colour: str) -> None:
    for first, last in spans(level) if level is not None else []:
        axis.axvspan(first / FPS, last / FPS, color=colour, alpha=0.3, linewidth=0)


def _most_corrupted(runs: Sequence[Run]) -> tuple[str, Mapping[str, NDArray[Any]]] | None:
    best: tuple[int, str, Mapping[str, NDArray[Any]]] | None = None
    for run in runs:
        for condition in run.conditions:
            for clip in run.manifest.clips:
                curves = run.curves(clip, condition)
                if any(name.startswith("reliability_") for name in curves):
                    kinds = sum(name.startswith("corruption/") for name in curves)
                    if best is None or kinds > best[0]:
                        title = figure_text(f"{clip}: {condition_title(condition)}")
                        best = kinds, title, curves
                    break  # one clip says it for the condition
    return None if best is None else best[1:]


def _figures(runs: Sequence[Run], widths: Widths) -> Iterator[Drawing]:
    yield Drawing("reliability", "Reliability of both streams over time", partial(reliability, runs, widths.column))


SECTION = Section("reliability", "what AV-RelScore trusts", order=38, tables=level_tables, figures=_figures)
