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
    preset: Annotated[
        str | None, typer.Option(help="Size of the model [the recipe's first, see describe].", show_default=False)
    ] = None,
    stage: Annotated[str | None, typer.Option(help="One stage of a staged recipe.", show_default=False)] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Steps of each stage, instead of the recipe's.", show_default=False)
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
    from syncbench.clip import Clip

    recipe = registry.recipe(name)
    listed = registry.dataset(dataset).clips(root, split, limit, seed)
    training = recipe.training(
        [clip for clip in listed if isinstance(clip, Clip)],
        out or Path("trained") / name,
        preset=preset,
        stage=stage,
        options=pairs_of(option, "option"),
        steps=steps,
        seed=seed,
        device=device,
        resume=resume,
    )
    print(recipe.train(training))
