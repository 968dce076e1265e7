"""Options several commands share, and how a config file gives them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from syncbench.errors import CommandError, unknown_name

__all__ = ["Json", "Limit", "Root", "Seed", "Split", "config_option", "names", "pairs_of"]

Root = Annotated[Path | None, typer.Option(help="Folder of the dataset, in its official layout.", show_default=False)]
Split = Annotated[str, typer.Option(help="Split of the dataset.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N clips.", show_default=False)]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def names(text: str | None) -> tuple[str, ...]:
    """Split a comma-separated option."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def pairs_of(texts: list[str] | None, option: str) -> dict[str, str]:
    """Read repeated ``key=value`` options."""
    found: dict[str, str] = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise CommandError(f"--{option} takes key=value, not '{text}'")
        found[key.strip()] = value.strip()
    return found


def config_option(context: Any, path: Path | None) -> Path | None:
    """Take defaults from a TOML file: keys are this command's long options; flags given override them."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise CommandError(f"--config {path} cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"--config {path} is not TOML: {error}") from error
    known = {_key(text): p for p in context.command.params for text in p.opts}
    defaults: dict[str, Any] = {}
    for key, value in values.items():
        parameter = known.get(_key(key))
        if parameter is None:
            raise unknown_name(f"option in {path}", key, known)
        if isinstance(value, list) and not getattr(parameter, "multiple", False):
            value = ",".join(str(part) for part in value)
        defaults[parameter.name] = value
    context.default_map = {**(context.default_map or {}), **defaults}
    return path


def _key(text: str) -> str:
    return text.lstrip("-").replace("_", "-")
