"""A sweep: one option of a model, several values, a run for each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from syncbench.errors import CommandError
from syncbench.runs.request import Request

__all__ = ["parse_sweep", "swept"]


def parse_sweep(text: str) -> tuple[str, tuple[str, ...]]:
    """Read ``KEY=V1,V2,...``. Raises CommandError where there are not two different values."""
    key, equals, rest = text.partition("=")
    values = tuple(value.strip() for value in rest.split(","))
    if not equals or not key.strip() or not all(values):
        raise CommandError(f"--sweep takes KEY=V1,V2,..., such as context=0,4,13, not '{text}'")
    if twice := next((value for value in values if values.count(value) > 1), None):
        raise CommandError(f"--sweep {text} has {twice} twice: name each value once")
    if len(values) < 2:
        raise CommandError(f"--sweep {text} has one value: name two or more, or use --option {text}")
    return key.strip(), values


def swept(request: Request, key: str, values: Sequence[str], out: Path) -> dict[Path, Request]:
    """Return the run of each value by its folder, ``out/KEY=VALUE``, with ``_`` for what file names cannot hold.

    Raises:
        CommandError: the option is given as well, or ``out`` is a run.
    """
    if key in request.options:
        raise CommandError(f"option {key} is swept: leave out --option {key}={request.options[key]}")
    if (out / "manifest.json").exists():
        raise CommandError(f"{out} is one run, no folder for a sweep: choose another --out")
    options = {value: request.options | {key: value} for value in values}
    return {out / _name(f"{key}={value}"): request.model_copy(update={"options": o}) for value, o in options.items()}


def _name(name: str) -> str:
    safe = re.sub(r"[^A-Za-z0-9._+=-]+", "_", name)
    return safe if safe == name else f"{safe[:80]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
