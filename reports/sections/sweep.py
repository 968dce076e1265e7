"""Sweeps: the scores at each value of an option, each score's best value and knee, and the curves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from syncbench.metrics.phonetic_context import window_seconds
from syncbench.reports.figures.drawing import Drawing, Widths
from syncbench.reports.figures.sweep import draw_sweep
from syncbench.reports.section import Section
from syncbench.reports.tables.columns import shared_parts
from syncbench.reports.tables.sweeps import Sweep, same_score, sweeps
from syncbench.reports.tables.table import Cell, Column, Row, Table
from syncbench.reports.tables.titles import digest, link
from syncbench.reports.text import number
from syncbench.runs import Run

__all__ = ["SECTION", "sweep_tables"]


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
    columns = [Column("window", "Window", "s", "none", 2, "window_seconds")] if sweep.is_context else []
    for i, score in enumerate(sweep.scores):
        signature = shared_parts(score.signature)
        columns.append(Column(f"c{i}", score.title, score.unit, score.direction, score.digits, signature))
    rows: list[Row] = []
    for i, (value, run) in enumerate(zip(sweep.values, sweep.runs, strict=True)):
        seconds = window_seconds(value)
        window = None if math.isinf(seconds) else seconds
        cells = [Cell(window, number(window, 2), "none", note="the whole clip")] if sweep.is_context else []
        for score, curve in zip(sweep.scores, sweep.curves, strict=True):
            place = sorted(curve.values, reverse=score.direction == "higher").index(curve.values[i]) + 1
            own = same_score(run, score)
            cells.append(
                Cell(
                    curve.values[i], number(curve.values[i], score.digits), score.direction, link(run),
                    interval=(curve.low[i], curve.high[i]), order=place, signature=own.signature, n=own.n,
                    failed=own.failed, withheld=own.withheld,
                )
            )  # fmt: skip
        rows.append(Row(sweep.label(value), run.name, digest(run), "", tuple(cells), link(run)))
    return _table(sweep, f"By {sweep.key}", "", columns, rows, rows_are=sweep.key)


def _best_table(sweep: Sweep) -> Table:
    unit = "frames" if sweep.is_context else ""
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


def _figures(runs: Sequence[Run], widths: Widths) -> Iterator[Drawing]:
    for sweep in sweeps(runs):
        name = f"{sweep.key}-{sweep.title}-{sweep.runs[0].manifest.dataset}-{digest(sweep.runs[0])[:6]}"
        yield Drawing(name, f"Scores by {sweep.key}, {sweep.title}", partial(draw_sweep, sweep, widths.text))


SECTION = Section("sweep", "what an option that was swept changes", order=70, tables=sweep_tables, figures=_figures)
