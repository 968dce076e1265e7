"""How well a lip reader reads each system's videos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from syncbench.metric import Score
from syncbench.reports.figures.drawing import Drawing, Widths, legend, short
from syncbench.reports.section import Section
from syncbench.reports.tables.titles import is_clean, model_title
from syncbench.reports.text import figure_text
from syncbench.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

__all__ = ["SECTION", "readability"]


def readability(runs: Sequence[Run], width: float) -> Canvas | None:
    """Draw the error rates that a lip reader makes on each system's videos."""
    from matplotlib import pyplot as plt

    def read(score: Score) -> bool:
        lips = "lip" in f"{score.name} {score.metric}" or "readab" in f"{score.name} {score.metric}"
        return lips and score.unit == "%" and score.value is not None and is_clean(score.condition)

    kept = [(run, {s.title: s for s in run.summary.scores if read(s)}) for run in runs]
    kept = [(run, scores) for run, scores in kept if scores]
    titles = list(dict.fromkeys(title for _, scores in kept for title in scores))[:4]
    if not kept:
        return None
    canvas, axis = plt.subplots(figsize=(width, 0.68 * width))
    thick = 0.8 / len(titles)
    for i, title in enumerate(titles):
        for x, (_, scores) in enumerate(kept):
            score = scores.get(title)
            if score is None or score.value is None:
                continue
            at = x + (i - (len(titles) - 1) / 2) * thick
            axis.bar(at, score.value, thick * 0.92, color=f"C{i}", label=figure_text(title) if x == 0 else None)
            if score.low is not None and score.high is not None:
                axis.plot((at, at), (score.low, score.high), color="#16181d", linewidth=0.8)
    axis.set_xticks(
        range(len(kept)), [short(model_title(run)) for run, _ in kept], rotation=20, ha="right", rotation_mode="anchor"
    )
    axis.set_ylabel("%")
    axis.grid(axis="x", visible=False)
    legend(canvas)
    return canvas


def _figures(runs: Sequence[Run], widths: Widths) -> Iterator[Drawing]:
    yield Drawing("readability", "How well lips can be read", partial(readability, runs, widths.column))


SECTION = Section(
    "readability", "error rates that a lip reader makes on each system's videos", order=25, figures=_figures
)
