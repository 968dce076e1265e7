"""Figures for papers, drawn from runs: vector, fonts embedded, colours that everybody can tell apart.

Each figure is drawn only where the runs hold its data. Equal runs give equal files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import Score
from syncbench.corruptions.spelling import parse
from syncbench.errors import CommandError
from syncbench.reports.colours import FLOOR, run_colours
from syncbench.reports.gallery import labels
from syncbench.reports.html import Figure
from syncbench.reports.leaderboard import anchor_of, digest, is_clean, link
from syncbench.reports.memory import MEMORY_FIGURES
from syncbench.reports.phones import sync_by_class
from syncbench.reports.reliability import reliability
from syncbench.reports.sweep import draw_sweep, sweeps
from syncbench.reports.table import Table, head
from syncbench.reports.text import figure_text as _text
from syncbench.reports.text import file_name
from syncbench.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

__all__ = ["COLUMN_WIDTHS", "draw_all", "readability", "style"]

COLUMN_WIDTHS = {
    "cvpr": (3.25, 6.875),
    "eccv": (4.80, 4.80),
    "icassp": (3.39, 7.00),
    "interspeech": (3.15, 6.69),
    "neurips": (5.50, 5.50),
}
"""Conference -> width in inches of one column and of the whole text."""
KINDS = ("pdf", "svg", "png")


@contextmanager
def style() -> Iterator[None]:
    """Use the project's style within a ``with`` block."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    with as_file(files("syncbench.reports") / "paper.mplstyle") as path, plt.style.context(str(path)):
        yield


def draw_all(runs: Sequence[Run], tables: Sequence[Table], folder: Path, paper: str = "cvpr") -> list[Figure]:
    """Draw every figure the runs hold data for into ``folder``; ``paper`` is a key of ``COLUMN_WIDTHS``."""
    narrow, wide = COLUMN_WIDTHS[paper]
    jobs: list[tuple[str, str, Callable[[], Canvas | None]]] = []
    for table in tables:
        name = "-".join(part for part in (table.dataset, table.split, table.task, table.pairing) if part)
        jobs.append((f"leaderboard-{name}", f"Scores with 95 % intervals, {table.title}", partial(dots, table, wide)))
    in_table = [[run for run in runs if any(row.link == link(run) for row in table.rows)] for table in tables]
    for table, own in zip(tables, in_table, strict=True):
        name = f"correlation-{table.dataset}-{table.split}-{table.task}-{table.pairing}"
        title = f"How scores agree over clips (Spearman), {table.title}"
        jobs.append((name, title, partial(correlation, own, narrow)))
    jobs.append(("shift", "Distance of lips and speech by shift", partial(shift, runs, narrow)))
    jobs.append(("readability", "How well lips can be read", partial(readability, runs, narrow)))
    jobs.append(("snr", "Word error rate by signal-to-noise ratio", partial(snr, runs, narrow, wide)))
    for table, own in zip(tables, in_table, strict=True):
        name = f"phones-{table.dataset}-{table.split}-{table.task}-{table.pairing}"
        title = f"Where sync is lost, by class of phone, {table.title}"
        jobs.append((name, title, partial(sync_by_class, own, narrow)))
    for run in runs:
        for kind, title, draw in MEMORY_FIGURES:
            jobs.append((f"{kind}-{run.name}-{digest(run)[:6]}", f"{title}, {run.name}", partial(draw, run, narrow)))
    jobs.append(("reliability", "Reliability of both streams over time", partial(reliability, runs, narrow)))
    for sweep in sweeps(runs):
        name = f"{sweep.key}-{sweep.title}-{sweep.runs[0].manifest.dataset}-{digest(sweep.runs[0])[:6]}"
        jobs.append((name, f"Scores by {sweep.key}, {sweep.title}", partial(draw_sweep, sweep, wide)))
    drawn: list[Figure] = []
    with style():
        for name, title, job in jobs:
            canvas = job()
            if canvas is not None:
                _save(canvas, folder, file_name(name))
                drawn.append(Figure(file_name(name), title))
    return drawn


def _save(canvas: Canvas, folder: Path, name: str) -> None:
    from matplotlib import pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    plain_dates = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {"Software": None}}
    canvas.draw_without_rendering()
    canvas.set_layout_engine("none")  # laid out once, not once per format
    for kind in KINDS:
        canvas.savefig(folder / f"{name}.{kind}", metadata=plain_dates[kind])
    plt.close(canvas)


def _short(run: Run) -> str:
    return _text(anchor_of(run) or run.manifest.model)[:28]


def _legend(canvas: Canvas) -> None:
    """Put the legend below the axes, where it hides nothing."""
    canvas.legend(loc="outside lower center", ncols=3)


def dots(table: Table, width: float) -> Canvas | None:
    """Draw one panel per score with a direction: each system a dot with its interval, the real video a dashed line."""
    from matplotlib import pyplot as plt

    shown = [i for i, c in enumerate(table.columns) if c.direction != "none" and len(set(_values(table, i))) > 1]
    if not shown:
        return None
    rows = [*table.systems, *table.anchors]
    across = min(4, len(shown))
    down = -(-len(shown) // across)
    size = (width, down * (0.42 + 0.17 * len(rows)))
    canvas, axes = plt.subplots(down, across, figsize=size, sharey=True, squeeze=False)
    for axis, i in zip(axes.flat, shown, strict=False):
        for y, row in enumerate(rows):
            cell = row.cells[i]
            if cell.value is None:
                continue
            colour = FLOOR if row.anchor else "C0"
            if cell.interval:
                axis.plot(cell.interval, (y, y), color=colour, linewidth=2.2, alpha=0.4, solid_capstyle="round")
            axis.plot(cell.value, y, "o", color=colour)
            if row.anchor == "reference":
                axis.axvline(cell.value, color="C2", linewidth=0.8, linestyle=(0, (3, 2)))
        axis.set_title(_text(head(table.columns[i])))
        axis.set_yticks(range(len(rows)), [_text(row.anchor or row.title)[:28] for row in rows])
        axis.set_ylim(len(rows) - 0.5, -0.5)
        axis.locator_params(axis="x", nbins=4)
        axis.grid(axis="y", visible=False)
    for axis in axes.flat[len(shown) :]:
        axis.set_visible(False)
    return canvas


def _values(table: Table, column: int) -> list[float]:
    return [value for row in table.rows if (value := row.cells[column].value) is not None]


def correlation(runs: Sequence[Run], width: float) -> Canvas | None:
    """Draw the Spearman correlation of every two scores over clips, ranked within each run and pooled over runs."""
    import pandas as pd
    from matplotlib import pyplot as plt

    parts: list[pd.DataFrame] = []
    titles: dict[str, str] = {}
    for run in runs:
        for (family, name), title in labels(
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
    names_shown = [_text(titles[name]) for name in names]
    axis.set_xticks(range(len(names)), names_shown, rotation=40, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(names)), names_shown)
    for (i, j), value in np.ndenumerate(matrix):
        if np.isfinite(value):
            dark = abs(value) > 0.6
            axis.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=4.6, color="white" if dark else "black")
    canvas.colorbar(image, ax=axis, shrink=0.8, label="Spearman correlation over clips")
    return canvas


def shift(runs: Sequence[Run], width: float) -> Canvas | None:
    """Draw the mean distance of lips and speech at each shift, averaged over each run's clips."""
    from matplotlib import pyplot as plt

    lines: list[tuple[Run, NDArray[Any], NDArray[Any]]] = []
    for run in runs:
        curves = [run.curves(clip, run.conditions[0]) for clip in run.manifest.clips]
        whole = [c for c in curves if "offset" in c and "distance" in c]
        whole = [c for c in whole if c["offset"].shape == whole[0]["offset"].shape == c["distance"].shape]
        if whole:
            lines.append((run, whole[0]["offset"], np.nanmean([c["distance"] for c in whole], axis=0)))
    if not lines:
        return None
    colours = run_colours(runs)
    canvas, axis = plt.subplots(figsize=(width, 0.75 * width))
    styles = {"reference": (0, (3, 2)), "shuffled": (0, (1, 1)), "frozen": "-."}
    for run, offsets, distances in lines:
        axis.plot(
            offsets,
            distances,
            color=colours[str(run.path)],
            label=_short(run),
            linestyle=styles.get(anchor_of(run), "-"),
        )
    axis.axvline(0, color="#404552", linewidth=0.5)
    axis.set_xlabel("offset [frames of 40 ms], + means the speech is early")
    axis.set_ylabel("mean distance")
    _legend(canvas)
    return canvas


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
            axis.bar(at, score.value, thick * 0.92, color=f"C{i}", label=_text(title) if x == 0 else None)
            if score.low is not None and score.high is not None:
                axis.plot((at, at), (score.low, score.high), color="#16181d", linewidth=0.8)
    axis.set_xticks(range(len(kept)), [_short(run) for run, _ in kept], rotation=20, ha="right", rotation_mode="anchor")
    axis.set_ylabel("%")
    axis.grid(axis="x", visible=False)
    _legend(canvas)
    return canvas


def snr(runs: Sequence[Run], narrow: float, wide: float) -> Canvas | None:
    """Draw word error rate against the signal-to-noise ratio: a panel per visual corruption, a line per run and noise.

    Clean speech stands at the right, apart from the line. One panel is ``narrow``, several are ``wide``.
    """
    from matplotlib import pyplot as plt

    lines: dict[str, dict[tuple[str, str], list[tuple[float, Score]]]] = {}
    clean: dict[tuple[str, str], Score] = {}
    for run in runs:
        for score in run.summary.scores:
            noise, level, visual = _noise(score.condition)
            if score.name != "wer" or score.value is None:
                continue
            if noise == "clean":
                clean[visual, str(run.path)] = score
            elif level is not None:
                lines.setdefault(visual, {}).setdefault((str(run.path), noise), []).append((level, score))
    panels = {v: {key: sorted(p, key=lambda p: p[0]) for key, p in of.items() if len(p) > 1} for v, of in lines.items()}
    panels = {visual: of for visual, of in panels.items() if of}
    if not panels:
        return None
    keys = list(dict.fromkeys(key for of in panels.values() for key in of))
    paths, noises = (list(dict.fromkeys(part)) for part in zip(*keys, strict=True))
    names = {str(run.path): run for run in runs}
    levels = sorted({level for of in panels.values() for points in of.values() for level, _ in points})
    step = (levels[-1] - levels[0]) / 6
    size = (wide, 0.4 * wide) if len(panels) > 1 else (narrow, 0.8 * narrow)
    canvas, axes = plt.subplots(1, len(panels), figsize=size, sharey=True, squeeze=False)
    for axis, (visual, of) in zip(axes.flat, panels.items(), strict=True):
        for (path, noise), points in of.items():
            colour, dash = f"C{paths.index(path) % 8}", ["-", "--", ":", "-."][noises.index(noise) % 4]
            aside = 0.12 * step * (paths.index(path) - (len(paths) - 1) / 2)  # so that intervals do not hide each other
            axis.plot(
                [level + aside for level, _ in points],
                [s.value or 0.0 for _, s in points],
                marker="o",
                color=colour,
                linestyle=dash,
                label=_short(names[path]) + (f", {_text(noise)}" if len(noises) > 1 else ""),
            )
            beyond = [(levels[-1] + step, clean[visual, path])] if (visual, path) in clean else []
            for level, score in [*points, *beyond]:
                if score.low is not None:
                    axis.plot([level + aside] * 2, (score.low, score.high), color=colour, linewidth=0.8, alpha=0.6)
            for level, score in beyond:
                axis.plot(level + aside, score.value or 0.0, "o", color=colour, fillstyle="none")
        ticks = {level: f"{level:g}" for level in levels} | ({levels[-1] + step: "clean"} if clean else {})
        axis.set_xticks(list(ticks), list(ticks.values()))
        axis.set_xlabel("SNR [dB]" if len(noises) > 1 else f"SNR of {_text(noises[0])} [dB]")
        axis.set_title(f"video: {_text(visual)}")
    axes.flat[0].set_ylim(bottom=0)
    axes.flat[0].set_ylabel("WER [%]")
    handles = {label: line for axis in axes.flat for line, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    canvas.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4 if len(panels) > 1 else 2)
    return canvas


def _noise(condition: str) -> tuple[str, float | None, str]:
    """Return ``babble``, 0.0 and ``blur`` for ``audio=babble@0,visual=blur``; no level where there is none."""
    try:
        found = parse(condition)
    except CommandError:  # written by a later version that knows more corruptions
        return condition, None, ""
    noise, _, level = found.audio.partition("@")
    try:
        return noise, float(level), found.visual
    except ValueError:
        return found.audio, None, found.visual
