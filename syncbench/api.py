"""The Python door to a run: the same as ``syncbench run``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from syncbench.runs import Request, Run, default_out
from syncbench.runs import run as run_request
from syncbench.runs.request import MIN_COVERAGE

__all__ = ["run"]


def run(
    model: str,
    dataset: str,
    *,
    root: str | os.PathLike[str] | None = None,
    split: str = "test",
    out: str | os.PathLike[str] | None = None,
    metrics: Sequence[str] = (),
    pairing: str = "self",
    limit: int | None = None,
    seed: int = 0,
    workers: int = 1,
    device: str = "cpu",
    audio: Sequence[str] = ("clean",),
    visual: Sequence[str] = ("clean",),
    options: Mapping[str, str] | None = None,
    face: str | None = None,
    min_coverage: float = MIN_COVERAGE,
) -> Run:
    """Run a system over a dataset, measure it, and return the run; resume it where it stopped.

    Args:
        model: such as ``cals``, ``reference`` or ``folder:DIR``.
        dataset: such as ``lrs2`` or ``synthetic``.
        root: the dataset's folder; not needed by generated datasets.
        out: the run's folder; default ``runs/<model>-<dataset>-<split>``.
        metrics: families or score names; empty means all that apply.
        workers: processes. More than one needs the calling script to be guarded by ``if __name__ == "__main__":``.
        audio, visual: corruption conditions; every pair of them is run.
        face: which face of a picture with several, as ``syncbench run --face``; None for what the dataset says.
        min_coverage: a clip of which a smaller share of the frames was measured fails.

    Raises:
        CommandError, Unavailable: see ``syncbench.runs.run``.
    """
    request = Request(
        model=model,
        dataset=dataset,
        root=None if root is None else str(Path(root).resolve()),
        split=split,
        metrics=tuple(metrics),
        pairing=pairing,
        limit=limit,
        seed=seed,
        audio=tuple(audio),
        visual=tuple(visual),
        device=device,
        options=dict(options or {}),
        face=face,
        min_coverage=min_coverage,
    )
    return run_request(request, Path(out) if out is not None else default_out(request), workers=workers)
