"""``syncbench validate-metrics``: how every metric answers to faults of known size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncbench.cli.options import Limit, Root, Seed, Split, names

__all__ = ["validate_metrics"]


def validate_metrics(
    metrics: Annotated[
        str | None, typer.Option(help="Families, comma-separated; default all.", show_default=False)
    ] = None,
    dataset: Annotated[str, typer.Option(help="A name of `syncbench list datasets`.")] = "synthetic",
    root: Root = None,
    split: Split = "test",
    limit: Limit = 12,
    seed: Seed = 0,
    out: Annotated[Path, typer.Option(help="Where evidence and figures go.")] = Path("validity"),
) -> None:
    """Show how every metric answers to faults of known size: shift, freeze, blur, noise, another face, ..."""
    from syncbench.validity import validate

    for line in validate(names(metrics), dataset, root, split, limit, seed, out):
        print(line)
