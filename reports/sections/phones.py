"""Where sync is lost: scores of systems and anchors by the class of the phone that is being said, table and figure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from syncbench.measurement import Ratios
from syncbench.metric import Score
from syncbench.reports.figures.colours import run_colours, run_marks
from syncbench.reports.figures.drawing import Drawing, Widths, short
from syncbench.reports.section import Section
from syncbench.reports.tables.leaderboard import family_tables, leaderboard, runs_of
from syncbench.reports.tables.table import Table
from syncbench.reports.tables.titles import is_clean, link, model_title
from syncbench.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas
    from matplotlib.lines import Line2D

__all__ = ["SECTION", "phone_tables", "sync_by_class"]

_FAMILY = "phone_classes"
_PANELS = (("mouth_lmd", "mouth LMD [%]"), ("sync_distance", "sync distance"))


def phone_tables(runs: Sequence[Run]) -> list[Table]:
    """Return one table per group of runs whose sync was measured by class of phone, with how often each is said."""
    tables: list[Table] = []
    for table in family_tables(runs, _FAMILY, "Where sync is lost, by class of phone"):
        first = next(run for run in runs if link(run) == table.rows[0].link)
        note = ", ".join(f"{name} {count}" for name, count in _frames(first).items())
        tables.append(dataclasses.replace(table, notes=(f"Frames of each class: {note}.", *table.notes)))
    return tables


def _frames(run: Run) -> dict[str, int]:
    """Return in how many frames a phone of each class is said, of the clips that a run measured."""
    from syncbench.metrics.phone_classes import CLASSES

    total = run.totals(_FAMILY, run.conditions[0])
    counts = total.pairs if isinstance(total, Ratios) else {}
    return {name: int(counts.get(f"sync_distance_{name}", (0, 0))[1]) for name in CLASSES}


def sync_by_class(runs: Sequence[Run], width: float) -> Canvas | None:
    """Draw mouth LMD and sync distance by class of phone with 95 % intervals: systems in colour, anchors grey.

    ``runs`` are of the same clips. A run that is the real video has no mouth LMD of its own, and is left out there.
    """
    from matplotlib import pyplot as plt

    from syncbench.metrics.phone_classes import CLASSES

    found = {score: [(run, _values(run, score)) for run in runs] for score, _ in _PANELS}
    kept = {
        score: [(run, values) for run, values in rows if any(s is not None and s.value for s in values)]
        for score, rows in found.items()
    }
    panels = [(score, label) for score, label in _PANELS if kept[score]]
    if not panels:
        return None
    colours = run_colours(runs)
    canvas, axes = plt.subplots(len(panels), 1, sharex=True, squeeze=False, figsize=(width, 0.52 * width * len(panels)))
    places = {str(run.path): i for i, run in enumerate(runs)}
    models, marks = [model_title(run) for run in runs], run_marks(runs)
    names = [short(m if models.count(m) == 1 else run.name) for run, m in zip(runs, models, strict=True)]
    named: dict[str, Line2D] = {}
    for axis, (score, label) in zip(axes.flat, panels, strict=True):
        for run, values in kept[score]:
            colour = colours[str(run.path)]
            mark = marks[str(run.path)]
            for place, value in enumerate(values):
                if value is None or value.value is None:
                    continue
                x = place + 0.7 * ((places[str(run.path)] + 0.5) / len(runs) - 0.5)
                if value.low is not None and value.high is not None:
                    axis.plot((x, x), (value.low, value.high), color=colour, linewidth=2.2, alpha=0.4)
                (dot,) = axis.plot(x, value.value, mark, color=colour, linestyle="none")
                named.setdefault(names[places[str(run.path)]], dot)
        axis.set_ylabel(label)
        axis.margins(y=0.08)
        axis.set_ylim(bottom=0)
        axis.grid(axis="x", visible=False)
    frames = _frames(kept[panels[0][0]][0][0])
    axes.flat[-1].set_xticks(
        range(len(CLASSES)), [f"{name}\n{n} frame{'' if n == 1 else 's'}" for name, n in frames.items()]
    )
    shown = sorted(named, key=lambda name: names.index(name))
    canvas.legend([named[name] for name in shown], shown, loc="outside lower center", ncols=4)
    return canvas


def _values(run: Run, score: str) -> list[Score | None]:
    """Return a run's scores of every class, without corruption."""
    from syncbench.metrics.phone_classes import CLASSES

    known = {s.name: s for s in run.summary.scores if s.metric == _FAMILY and is_clean(s.condition)}
    return [known.get(f"{score}_{name}") for name in CLASSES]


def _figures(runs: Sequence[Run], widths: Widths) -> Iterator[Drawing]:
    for table in leaderboard(runs):
        title = f"Where sync is lost, by class of phone, {table.title}"
        yield Drawing(f"phones-{table.key}", title, partial(sync_by_class, runs_of(table, runs), widths.column))


SECTION = Section("phones", "where sync is lost, by class of phone", order=40, tables=phone_tables, figures=_figures)
