"""The figure of reliability scores over time, corrupted spans shaded: what AV-RelScore trusts, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import FPS
from syncbench.reports.leaderboard import condition_title
from syncbench.reports.text import plain
from syncbench.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["reliability", "spans"]

_STREAMS = ("video", "audio")


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
            axis.plot(np.arange(len(scores)) / FPS, scores, color="#404552")
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
                        title = plain(f"{clip}: {condition_title(condition)}").replace("$", r"\$")
                        best = kinds, title, curves
                    break  # one clip says it for the condition
    return None if best is None else best[1:]
