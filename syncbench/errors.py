"""What goes wrong, said in one line: what, where, what to do."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable

__all__ = ["ClipError", "CommandError", "Unavailable", "debugging", "nearest", "one_line", "unknown_name"]


class CommandError(Exception):
    """A command cannot go on. The message is one line for the user; the exit code is ``code``."""

    def __init__(self, message: str, *, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


class ClipError(Exception):
    """One clip cannot be read, answered or measured. The run keeps its row with this reason and goes on."""


class Unavailable(Exception):
    """A metric, model or feature lacks something the user can get. The message says what, and how to get it."""


def debugging() -> bool:
    """Return whether tracebacks are wanted (``--debug``, or ``SYNCBENCH_DEBUG`` in the environment)."""
    return bool(os.environ.get("SYNCBENCH_DEBUG"))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint for an unknown ``name``: the nearest known ones, or all of them."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(names) or 'none'}"


def unknown_name(kind: str, name: str, known: Iterable[str]) -> CommandError:
    """Return the error for an unknown ``name``, with the nearest known ones."""
    return CommandError(f"unknown {kind} '{name}': {nearest(name, known)}")


def one_line(error: BaseException) -> str:
    """Return an error as one line: our own words as they are, a stranger's with its type."""
    text = " ".join(str(error).split())
    if isinstance(error, ClipError | CommandError | Unavailable):
        return text
    return f"{type(error).__name__}: {text}" if text else repr(error)
