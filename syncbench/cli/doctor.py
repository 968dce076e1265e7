"""``syncbench doctor``: what a reader should know before believing a word error rate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from syncbench.cli.options import Json
from syncbench.errors import CommandError

__all__ = ["doctor"]


def doctor(
    path: Annotated[Path, typer.Argument(help="A recogniser's run.")],
    as_json: Json = False,
) -> None:
    """Look for signs that recognised texts are not what they should be: a lost order, another language, repeated words.

    Exit 1 where there is any.
    """
    from syncbench.reports.transcripts import transcripts
    from syncbench.runs import load_run
    from syncbench.validity.transcripts import remarks

    run = load_run(path)
    if not any(name.partition("-")[0] == "word_error" for name in run.manifest.metrics):
        raise CommandError(f"{path} holds no recognised texts: doctor looks at runs of recognisers")
    found: dict[str, list[str]] = {}
    for condition in run.conditions:
        said, heard = transcripts(run, condition)
        lost = len(run.manifest.clips) - len(said)
        found[condition] = [f"{lost} of {len(run.manifest.clips)} clips have no measured text"] if lost else []
        found[condition] += remarks(said, heard)
    lines = [f"{name}: {line}" if name else line for name, lines in found.items() for line in lines]
    if as_json:
        print(json.dumps({"run": str(path), "remarks": found}, indent=1, ensure_ascii=False))
    else:
        for line in lines:
            print(line)
        print(f"{path}: {f'{len(lines)} remarks' if lines else 'nothing to remark'}")
    if lines:
        raise typer.Exit(1)
