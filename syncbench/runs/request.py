"""What a run is asked to do."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["MIN_COVERAGE", "Request", "default_out", "split_model"]

MIN_COVERAGE = 0.9
"""Share of a clip's frames that must have been measured for the clip to count."""


class Request(BaseModel):
    """What a run was asked to do. Two commands with equal requests are one run, resumed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    """Model name, with its argument after a colon where it has one: ``folder:outputs/``."""
    dataset: str
    root: str | None = None
    """Dataset folder, absolute; None for generated datasets."""
    split: str = "test"
    metrics: tuple[str, ...] = ()
    """Metric families asked for; empty means every metric that applies to the model's task."""
    pairing: str = "self"
    """``self``, ``cross``, or the path of a pairs file."""
    limit: int | None = None
    seed: int = 0
    audio: tuple[str, ...] = ("clean",)
    visual: tuple[str, ...] = ("clean",)
    device: str = "cpu"
    options: dict[str, str] = Field(default_factory=dict)
    face: str | None = None
    """Which face of the videos is meant; None for what the dataset says."""
    shard: tuple[int, int] = (1, 1)
    """Which part of the clips this run takes: ``(i, n)`` is part i of n, counted from 1."""
    min_coverage: float = Field(default=MIN_COVERAGE, ge=0, le=1)
    """A clip of which a smaller share of the frames was measured fails."""


def split_model(text: str) -> tuple[str, str]:
    """Return model name and argument: ``folder:DIR`` -> ``("folder", "DIR")``."""
    name, _, argument = text.partition(":")
    return name, argument


def default_out(request: Request, swept: str = "") -> Path:
    """Return where a run goes when nobody says: ``runs/<model>-<dataset>-<split>``; a sweep's runs ``...-sweep-<key>``."""
    name, argument = split_model(request.model)
    model = f"{name}-{Path(argument).name}" if argument else name
    return Path("runs") / f"{model}-{request.dataset}-{request.split}{f'-sweep-{swept}' if swept else ''}"
