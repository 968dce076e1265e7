"""``syncbench train``: the recipes of the bundled models and evaluators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncbench.cli.options import Limit, Root, Seed, pairs_of

__all__ = ["train"]


def train(
    name: Annotated[str, typer.Argument(help="A name of `syncbench list recipes`.")],
    dataset: Annotated[str, typer.Option(help="A name of `syncbench list datasets`.")] = "synthetic",
    root: Root = None,
    split: Annotated[str, typer.Option(help="Split to train on.")] = "train",
    out: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints and logs [trained/<name>].", show_default=False)
    ] = None,
    preset: Annotated[str, typer.Option(help="embedded or paper.")] = "embedded",
    stage: Annotated[str | None, typer.Option(help="One stage of a staged recipe.", show_default=False)] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Steps, instead of the recipe's.", show_default=False)
    ] = None,
    limit: Limit = None,
    seed: Seed = 0,
    device: Annotated[str, typer.Option(help="torch device.")] = "cpu",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")] = False,
    option: Annotated[
        list[str] | None, typer.Option(help="key=value for the recipe; may be repeated.", show_default=False)
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Train a bundled model or evaluator by its recipe; a killed training goes on with --resume.

    syncbench train cals --dataset lrs2 --root LRS2 --preset paper --device cuda
    """
    from syncbench import registry
    from syncbench.contracts import Clip

    recipe = registry.recipe(name)
    listed = registry.dataset(dataset).clips(root, split, limit, seed)
    clips = [clip for clip in listed if isinstance(clip, Clip)]
    folder = out or Path("trained") / name
    written = recipe(
        clips, folder, preset=preset, stage=stage, seed=seed, resume=resume, device=device, steps=steps,
        **pairs_of(option, "option"),
    )  # fmt: skip
    print(written)
