"""A section of reports: in which band speech is furthest from the real one, as a table and a figure."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from syncbench.reports.figures.drawing import Drawing, Widths, legend, short
from syncbench.reports.section import Section
from syncbench.reports.tables.leaderboard import family_tables
from syncbench.reports.tables.table import Table
from syncbench.reports.tables.titles import is_clean, model_title
from syncbench.runs import Run

from .metric import BANDS as LIMITS

_FAMILY = "spectral_distance"


def _tables(runs: Sequence[Run]) -> list[Table]:
    return family_tables(runs, _FAMILY, "Where speech differs, by band")


def _draw(runs: Sequence[Run], width: float) -> Any:
    """Draw the distance in each band, a group of bars for each run; nothing where no run has any."""
    from matplotlib import pyplot as plt

    found = {
        run: {s.name: s for s in run.summary.scores if s.metric == _FAMILY and is_clean(s.condition)} for run in runs
    }
    shown = [(run, scores) for run, scores in found.items() if any(s.value is not None for s in scores.values())]
    if not shown:
        return None
    canvas, axis = plt.subplots(figsize=(width, 0.7 * width))
    thick = 0.8 / len(shown)
    for place, (run, scores) in enumerate(shown):
        for x, band in enumerate(LIMITS):
            at = x + (place - (len(shown) - 1) / 2) * thick
            value = scores[f"distance_{band}"].value or 0.0
            axis.bar(at, value, 0.9 * thick, color=f"C{place}", label=short(model_title(run)) if x == 0 else None)
    axis.set_xticks(range(len(LIMITS)), [f"{band}\n{low}-{high} Hz" for band, (low, high) in LIMITS.items()])
    axis.set_ylabel("LSD [dB]")
    legend(canvas)
    return canvas


def _figures(runs: Sequence[Run], widths: Widths) -> Iterator[Drawing]:
    yield Drawing("bands", "Where speech differs, by band", partial(_draw, runs, widths.column))


BANDS = Section("bands", "where speech differs, by band", order=45, tables=_tables, figures=_figures)
