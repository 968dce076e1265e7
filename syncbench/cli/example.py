"""``syncbench example``: a plugin to start your own from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from syncbench.errors import CommandError

__all__ = ["example"]


def example(out: Annotated[Path, typer.Argument(help="New folder.")]) -> None:
    """Write a complete plugin to start your own from: a task, its anchors, a system, a metric with its section, ...

    Install it with `pip install ./OUT`, then see `syncbench list tasks`.
    """
    if out.exists():
        raise CommandError(f"{out} is there already: name a new folder")
    source = files("syncbench") / "example"
    package = source / "syncbench_example"
    try:
        (out / package.name).mkdir(parents=True)
        for file in (source / "pyproject.toml", *package.iterdir()):
            if file.is_file():
                inside = out if file.name == "pyproject.toml" else out / package.name
                (inside / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}") from error
    where = out if out.is_absolute() else f"./{out.as_posix()}"  # a bare name would be looked for on PyPI
    print(f"{out}: install it with pip install {where}")
