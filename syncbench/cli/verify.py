"""``syncbench verify``: does a run still say what its journal says?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from syncbench.cli.options import Json

__all__ = ["verify"]


def verify(
    path: Annotated[Path, typer.Argument(help="A run's folder.")],
    as_json: Json = False,
) -> None:
    """Derive a run's summary from its journal again, hash the files it was made from, and say what differs."""
    from syncbench.runs import verify as differences

    found = differences(path)
    if as_json:
        print(json.dumps({"run": str(path), "agrees": not found, "differences": found}, indent=1))
    else:
        for line in found:
            print(line)
        print(f"{path}: {'agrees with its journal' if not found else f'{len(found)} differences'}")
    if found:
        raise typer.Exit(1)
