"""The page ``docs/commands.md``, written from the commands themselves: ``python -m syncbench.cli.reference``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from syncbench.cli.app import app

__all__ = ["commands_page"]


def commands_page() -> str:
    """Return every command with its help and options, as Markdown."""
    lines = [
        "# Commands",
        "",
        "Written by `python -m syncbench.cli.reference`; a test holds it against the commands.",
        "",
    ]
    for name, command in _leaves(get_command(app), "syncbench"):
        lines += [f"## {name}", "", *_paragraphs(command.help or ""), ""]
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
        lines += [f"- `{(p.name or '').upper()}`: {p.help or ''}" for p in arguments]
        lines += [f"- `{', '.join([*p.opts, *p.secondary_opts])}`{_default(p)}: {p.help or ''}" for p in options]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        shell = paragraph.startswith("syncbench ")
        yield f"    {paragraph}" if shell else " ".join(paragraph.split())
        yield ""


def _default(parameter: Any) -> str:
    value = parameter.default
    if parameter.required:
        return " (required)"
    return "" if value in (None, False, True, "") or callable(value) else f" [{value}]"


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if not children:
        yield name, command
        return
    for child in children.values():
        yield from _leaves(child, f"{name} {child.name}")


if __name__ == "__main__":
    print(commands_page(), end="")
