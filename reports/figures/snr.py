"""Word error rate by signal-to-noise ratio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from syncbench.metric import Score
from syncbench.reports.figures.drawing import Widths, short
from syncbench.reports.tables.titles import condition_parts, model_title
from syncbench.reports.text import figure_text
from syncbench.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

__all__ = ["snr"]

_SCORE = ("word_error", "wer")


def snr(runs: Sequence[Run], widths: Widths) -> Canvas | None:
    """Draw word error rate against the signal-to-noise ratio: a panel per visual corruption, a line per run and noise.

    Clean speech stands at the right, apart from the line. One panel is as wide as a column, several as the text.
    """
    from matplotlib import pyplot as plt

    lines: dict[str, dict[tuple[str, str], list[tuple[float, Score]]]] = {}
    clean: dict[tuple[str, str], Score] = {}
    for run in runs:
        for score in run.summary.scores:
            if (score.metric, score.name) != _SCORE or score.value is None:
                continue
            noise, level, visual = _noise(score.condition)
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
    size = (widths.text, 0.4 * widths.text) if len(panels) > 1 else (widths.column, 0.8 * widths.column)
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
                label=short(model_title(names[path])) + (f", {figure_text(noise)}" if len(noises) > 1 else ""),
            )
            beyond = [(levels[-1] + step, clean[visual, path])] if (visual, path) in clean else []
            for level, score in [*points, *beyond]:
                if score.low is not None:
                    axis.plot([level + aside] * 2, (score.low, score.high), color=colour, linewidth=0.8, alpha=0.6)
            for level, score in beyond:
                axis.plot(level + aside, score.value or 0.0, "o", color=colour, fillstyle="none")
        ticks = {level: f"{level:g}" for level in levels} | ({levels[-1] + step: "clean"} if clean else {})
        axis.set_xticks(list(ticks), list(ticks.values()))
        axis.set_xlabel("SNR [dB]" if len(noises) > 1 else f"SNR of {figure_text(noises[0])} [dB]")
        axis.set_title(f"video: {figure_text(visual)}")
    axes.flat[0].set_ylim(bottom=0)
    axes.flat[0].set_ylabel("WER [%]")
    handles = {label: line for axis in axes.flat for line, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    canvas.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4 if len(panels) > 1 else 2)
    return canvas


def _noise(condition: str) -> tuple[str, float | None, str]:
    """Return ``babble``, 0.0 and ``blur`` for ``audio=babble@0,visual=blur``; no level where there is none."""
    audio, visual = condition_parts(condition)
    noise, _, level = audio.partition("@")
    try:
        return noise, float(level), visual
    except ValueError:
        return audio, None, visual
