"""Where sync is lost: scores of systems and anchors by the class of the phone that is being said, table and figure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from syncbench.contracts import Score
from syncbench.reports.colours import run_colours
from syncbench.reports.leaderboard import anchor_of, family_tables, is_clean, link
from syncbench.reports.table import Table
from syncbench.reports.text import figure_text
from syncbench.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas
    from matplotlib.lines import Line2D

__all__ = ["phone_tables", "sync_by_class"]

_FAMILY = "phone_classes"
_PANELS = (("mouth_lmd", "mouth LMD [%]"), ("sync_distance", "sync distance"))
_ANCHORS = {"reference": "s", "shuffled": "x", "frozen": "^"}


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
    return {name: int(getattr(total, f"{name}_windows")) for name in CLASSES}


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
    models = [anchor_of(run) or run.manifest.model for run in runs]
    names = [
        figure_text(model if models.count(model) == 1 else run.name)[:28]
        for run, model in zip(runs, models, strict=True)
    ]
    named: dict[str, Line2D] = {}
    for axis, (score, label) in zip(axes.flat, panels, strict=True):
        for run, values in kept[score]:
            colour = colours[str(run.path)]
            mark = _ANCHORS.get(anchor_of(run), "o")
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
