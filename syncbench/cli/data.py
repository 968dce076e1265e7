"""``syncbench data``: check a dataset's folder, see what its splits share, or make one."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from syncbench.cli.options import Json, Root, Seed

__all__ = ["app"]

app = typer.Typer(help="Check a dataset's folder, see what its splits share, or make one.", no_args_is_help=True)
make = typer.Typer(help="Write a dataset: rendered faces, or stills made to speak.", no_args_is_help=True)
app.add_typer(make, name="make")

Clips = Annotated[int, typer.Option(min=1, help="How many clips.")]
Split = Annotated[
    str | None,
    typer.Option(help="train, val or test: they share no speaker; default 80, 8 and 12 %.", show_default=False),
]


@app.command()
def validate(
    name: Annotated[str, typer.Argument(help="A name of `syncbench list datasets`.")],
    root: Annotated[Path, typer.Option(help="Folder of the dataset, in its official layout.")],
    as_json: Json = False,
) -> None:
    """Say what is missing or malformed under a dataset's folder, and what is left out, file by file.

    Remarks say how a file is read where that is not plain, such as which of two sound tracks is taken.
    Exit 1 where something is missing or malformed.
    """
    from syncbench import registry

    adapter = registry.dataset(name)
    said, left_out = list(adapter.problems(root)), list(adapter.left_out(root))
    found = [problem for problem in said if not problem.remark]
    if as_json:
        rows = [{"path": p.path, "what": p.what, "advice": p.advice, "remark": p.remark} for p in said]
        print(json.dumps(rows, indent=1))
    else:
        for problem in found:
            print(f"{problem.path}: {problem.what}" + (f" ({problem.advice})" if problem.advice else ""))
        for remark in said:
            if remark.remark:
                print(f"remark: {remark.path}: {remark.what}")
        for line in left_out:
            print(f"left out: {line}")
        print(f"{name} at {root}: {f'{len(found)} problems' if found else 'no problems'}")
    if found:
        raise typer.Exit(1)


@app.command()
def overlap(
    name: Annotated[str, typer.Argument(help="A name of `syncbench list datasets`.")],
    root: Root = None,
    train: Annotated[str, typer.Option(help="Split that was trained on.")] = "train",
    test: Annotated[str, typer.Option(help="Split that is tested on.")] = "test",
) -> None:
    """Say which clips, speakers or source videos, and sentences two splits share. Exit 1 where they share any."""
    from syncbench.clip import Clip
    from syncbench.datasets.overlap import overlap as shared
    from syncbench.runs import Request, listing

    def clips(split: str) -> list[Clip]:
        place = str(root.resolve()) if root else None
        return list(listing(Request(model="", dataset=name, root=place, split=split)).usable)

    found = shared(clips(train), clips(test))
    for line in found:
        print(line)
    print(f"{name}: {train} and {test} {'share' if found else 'do not share'} clips, speakers, videos or sentences")
    if found:
        raise typer.Exit(1)


class Grammar(StrEnum):
    grid = "grid"
    open = "open"
    words = "words"
    mixed = "mixed"


@make.command()
def synthetic(
    out: Annotated[Path, typer.Option(help="New folder, written in LRS2's layout with the truth beside it.")],
    clips: Clips = 100,
    seed: Seed = 0,
    split: Split = None,
    grammar: Annotated[
        Grammar, typer.Option(help="Sentences: of GRID, open, single words, or a mixture.")
    ] = Grammar.grid,
    reach: Annotated[float, typer.Option(min=0.0, help="Reach of coarticulation in time; 1 as in speech.")] = 1.0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that render.")] = 1,
) -> None:
    """Write a synthetic dataset: rendered faces speaking, with true phones, words, landmarks and sync."""
    from syncbench.datasets.synthetic import make as make_synthetic

    make_synthetic(out, clips, seed, split=split, grammar=grammar.value, reach=reach, workers=workers)
    print(f"{out}: {clips} clips; use them with --dataset lrs2 --root {out}")


@make.command()
def crowd(
    out: Annotated[Path, typer.Option(help="New folder, written in LRS2's layout with the truth beside it.")],
    stills: Annotated[Path, typer.Option(help="Folder of pictures with metadata.csv and landmarks.npz.")],
    driver: Annotated[
        list[str], typer.Option(help="Clips with landmarks that are imitated, NAME:ROOT or NAME; may be repeated.")
    ],
    clips: Clips = 100,
    seed: Seed = 0,
    split: Split = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that draw.")] = 1,
) -> None:
    """Write a crowd: stills of many people made to speak as the drivers' clips do, with true landmarks, words and sync.

    Such as --driver lrs2:GRID --driver synthetic. Look up the stills' licence before you show a clip to anybody.
    """
    from syncbench.datasets.crowd import make as make_crowd

    make_crowd(out, clips, seed, stills=stills, drivers=driver, split=split, workers=workers)
    print(f"{out}: {clips} clips; use them with --dataset crowd --root {out}")
