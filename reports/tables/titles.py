"""What tables and figures call a run, an anchor and a condition, and where a run's details are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import PurePath

from syncbench.corruptions.conditions import parse
from syncbench.errors import CommandError
from syncbench.metric import Score
from syncbench.reports.text import file_name
from syncbench.runs import Run

__all__ = [
    "anchor_of",
    "condition_parts",
    "condition_title",
    "digest",
    "is_clean",
    "is_real",
    "link",
    "model_title",
    "score_labels",
    "system_title",
]


def condition_parts(condition: str) -> tuple[str, str]:
    """Return ``babble@0`` and ``blur`` for ``audio=babble@0,visual=blur``; ``clean`` where a stream is not corrupted."""
    try:
        found = parse(condition)
    except CommandError:  # of a plugin that is not installed here, or of a later version
        return condition, "clean"
    return found.audio, found.visual


def condition_title(condition: str) -> str:
    """Return ``babble@0 + blur`` for ``audio=babble@0,visual=blur``, and ``clean`` where nothing is corrupted."""
    return " + ".join(part for part in condition_parts(condition) if part != "clean") or "clean"


def is_clean(condition: str) -> bool:
    """Return whether a condition corrupts nothing."""
    return not condition or all(part.endswith("=clean") for part in condition.split(","))


def anchor_of(run: Run) -> str:
    """Return the name of the anchor that a run is, such as ``reference``; empty for a system."""
    return run.manifest.model.partition(":")[0] if run.is_anchor else ""


def is_real(run: Run) -> bool:
    """Return whether a run answers with the real thing."""
    return run.anchor is not None and run.anchor.real


def system_title(run: Run) -> str:
    """Return what a table calls the run: the model, with its file but no folders; for anchors what it stands for."""
    if run.anchor is not None:
        return f"{run.anchor.model} ({run.anchor.title})"
    name, colon, argument = run.manifest.model.partition(":")
    return f"{name}{colon}{PurePath(argument).name if argument.startswith('/') else argument}"


def model_title(run: Run) -> str:
    """Return what a figure calls the run, where room is short: the anchor or the model."""
    return anchor_of(run) or run.manifest.model


def digest(run: Run) -> str:
    """Return the SHA-256 of the run's summary: the record that a printed number can be traced to."""
    return hashlib.sha256((run.path / "summary.json").read_bytes()).hexdigest()


def link(run: Run) -> str:
    """Return the address of the run's details within the HTML page."""
    return f"#run-{file_name(run.name)}-{digest(run)[:8]}"


def score_labels(scores: Sequence[Score]) -> dict[tuple[str, str], str]:
    """Return (family, score) -> title, with the family's name where two families share a title."""
    titles = {(score.metric, score.name): score.title for score in scores}
    shared = [title for title in titles.values() if list(titles.values()).count(title) > 1]
    return {key: f"{title} ({key[0]})" if title in shared else title for key, title in titles.items()}
