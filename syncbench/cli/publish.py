"""``syncbench publish``: put a run into a leaderboard folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncbench.errors import CommandError

__all__ = ["publish"]


def publish(
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    to: Annotated[Path, typer.Option(help="The leaderboard's folder.")],
    model_index: Annotated[
        Path | None, typer.Option(help="Write model-card metadata (Hugging Face model-index) to this file.")
    ] = None,
) -> None:
    """Put a run into a leaderboard folder and rebuild its index. Safe with two writers."""
    from syncbench.reports.publish import model_index as metadata_of
    from syncbench.reports.publish import publish as publish_run
    from syncbench.runs import load_run

    loaded = load_run(run)
    print(publish_run(loaded, to))
    if model_index is not None:
        try:
            model_index.write_text(metadata_of(loaded), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{model_index} cannot be written: {error.strerror}") from error
