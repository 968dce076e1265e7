"""What goes wrong, said in one line: what, where, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["ClipError", "CommandError", "Unavailable", "unknown_name"]


class CommandError(Exception):
    """A command cannot go on. The message is one line for the user; the exit code is ``code``."""

    def __init__(self, message: str, *, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


class ClipError(Exception):
    """One clip cannot be read, answered or measured. The run keeps its row with this reason and goes on."""


class Unavailable(Exception):
    """A metric, model or feature lacks something the user can get. The message says what, and how to get it."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> CommandError:
    """Return the error for an unknown ``name``, with the nearest known ones."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(names) or 'none'}"
    return CommandError(f"unknown {kind} '{name}': {hint}")
