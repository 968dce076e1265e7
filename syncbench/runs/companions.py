"""The runs beside a run: a generator's anchors, and the systems that a system asks to be shown beside.

Each is a whole run of its own over the same clips, conditions and seed, within the run's folder: ``anchors/frozen``,
``beside/avsr-audio``. It resumes, reads back and verifies like any other. The runs of a sweep share theirs, in the
folder they are in.
"""

from __future__ import annotations

import re
from pathlib import Path

from syncbench import registry
from syncbench.errors import CommandError
from syncbench.runs.request import Request
from syncbench.runs.run import Run, load_run

__all__ = ["companions", "runs_in", "with_companions"]

_ANCHORS = "anchors"
_BESIDE = "beside"


def companions(run: Run) -> dict[str, Request]:
    """Return what is to run beside a run, by its folder within the run's.

    Anchors take no options; what a system names brings the options it is to have. One clip has no anchors: there is no
    other one to take speech from.
    """
    asked = run.manifest.request
    found: dict[str, Request] = {}
    if not run.is_anchor and len(run.manifest.clips) > 1:
        for name in _anchors(run):
            found[f"{_ANCHORS}/{name}"] = asked.model_copy(update={"model": name, "options": {}})
    for name, options in run.manifest.beside.items():
        found[f"{_BESIDE}/{name}"] = asked.model_copy(update={"model": name, "options": options})
    return found


def with_companions(run: Run) -> list[Run]:
    """Return a run amid those that have ended beside it, in the order of tables: named systems, the run, anchors."""
    places = (run.path, run.path.parent)
    named = [place / _BESIDE / name for name in run.manifest.beside for place in places]
    anchors = [place / _ANCHORS / name for name in _anchors(run) for place in places]
    return [*_ended(named), run, *_ended(anchors)]


def _anchors(run: Run) -> list[str]:
    """Return the names of the anchors of a run's task; none where the task's plugin is not installed here."""
    try:
        return [anchor.model for anchor in registry.task(run.manifest.task).anchors]
    except CommandError:
        return []


def _ended(paths: list[Path]) -> list[Run]:
    return [load_run(path) for path in paths if (path / "summary.json").is_file()]


def runs_in(path: Path) -> list[Run]:
    """Return the run in a folder, or those of a folder of runs, by name, numbers in their order.

    Raises:
        CommandError: neither, or a run has not ended.
    """
    inside = [] if _is_run(path) or not path.is_dir() else [child for child in path.iterdir() if _is_run(child)]
    return [load_run(child) for child in sorted(inside, key=_natural)] or [load_run(path)]


def _is_run(path: Path) -> bool:
    return (path / "manifest.json").is_file()


def _natural(path: Path) -> list[tuple[bool, float, str]]:
    parts = re.split(r"(\d+(?:\.\d+)?)", path.name)  # numbers at odd places
    return [(i % 2 == 0, float(part) if i % 2 else 0.0, part) for i, part in enumerate(parts)]
