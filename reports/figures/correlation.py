"""How scores agree over clips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from syncbench.reports.tables.titles import is_clean, score_labels
from syncbench.reports.text import figure_text
from syncbench.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

__all__ = ["correlation"]


def correlation(runs: Sequence[Run], width: float) -> Canvas | None:
    """Draw the Spearman correlation of every two scores over clips, ranked within each run and pooled over runs."""
    import pandas as pd
    from matplotlib import pyplot as plt

    parts: list[pd.DataFrame] = []
    titles: dict[str, str] = {}
    for run in runs:
        for (family, name), title in score_labels(
            [s for s in run.summary.scores if s.direction != "none" and s.headline]
        ).items():
            titles[f"{family} {name}"] = title
        rows = run.to_pandas()
        rows = rows[rows["condition"].map(lambda c: is_clean(str(c)))]
        rows = rows.assign(key=rows["metric"] + " " + rows["score"])
        parts.append(
            rows[rows["key"].isin(list(titles))].pivot(index="clip", columns="key", values="value").rank(pct=True)
        )
    pooled = pd.concat(parts) if parts else pd.DataFrame()
    names = [
        name for name in titles if name in pooled and pooled[name].notna().sum() >= 5 and pooled[name].nunique() > 1
    ]
    if len(names) < 3:
        return None
    matrix = pooled[names].corr().to_numpy()
    canvas, axis = plt.subplots(figsize=(width, width * 0.86))
    image = axis.imshow(matrix, cmap="RdBu", vmin=-1, vmax=1)
    axis.grid(visible=False)
    names_shown = [figure_text(titles[name]) for name in names]
    axis.set_xticks(range(len(names)), names_shown, rotation=40, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(names)), names_shown)
    for (i, j), value in np.ndenumerate(matrix):
        if np.isfinite(value):
            dark = abs(value) > 0.6
            axis.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=4.6, color="white" if dark else "black")
    canvas.colorbar(image, ax=axis, shrink=0.8, label="Spearman correlation over clips")
    return canvas
