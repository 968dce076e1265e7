"""``syncbench data``: check a dataset's folder, or make a synthetic one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from syncbench.cli.options import Json, Seed

__all__ = ["app"]

app = typer.Typer(help="Check a dataset's folder, or make a synthetic one.", no_args_is_help=True)


@app.command()
def validate(
    name: Annotated[str, typer.Argument(help="A name of `syncbench list datasets`.")],
    root: Annotated[Path, typer.Option(help="Folder of the dataset, in its official layout.")],
    as_json: Json = False,
) -> None:
    """Say what is missing or malformed under a dataset's folder, file by file. Exit 1 where something is."""
    from syncbench import registry

    found = list(registry.dataset(name).problems(root))
    if as_json:
        print(json.dumps([{"path": p.path, "what": p.what, "advice": p.advice} for p in found], indent=1))
    else:
        for problem in found:
            print(f"{problem.path}: {problem.what}" + (f" ({problem.advice})" if problem.advice else ""))
        print(f"{name} at {root}: {f'{len(found)} problems' if found else 'no problems'}")
    if found:
        raise typer.Exit(1)


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="synthetic, synthetic-open or synthetic-words.")],
    out: Annotated[Path, typer.Option(help="New folder, written in LRS2's layout with the truth beside it.")],
    clips: Annotated[int, typer.Option(min=1, help="How many clips.")] = 100,
    seed: Seed = 0,
    split: Annotated[str, typer.Option(help="train, val or test: they share no speaker.")] = "test",
) -> None:
    """Write a synthetic dataset: rendered faces speaking, with true phones, words, landmarks and sync."""
    from syncbench.cli.progress import progress
    from syncbench.datasets.synthetic import make as make_synthetic

    with progress(f"{name}/{split}") as update:
        make_synthetic(out, clips, seed=seed, split=split, grammar=name, progress=update)
    print(f"{out}: {clips} clips; use them with --dataset lrs2 --root {out} --split {split}")
