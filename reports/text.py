"""Untrusted text, made harmless before any writer adds its own escapes.

Clip ids, transcripts, model names and reasons come from strangers' files. Control characters could move a terminal's
cursor or end a comment, and bidirectional overrides could make a line read as another one.
"""

from __future__ import annotations

import unicodedata

__all__ = ["figure_text", "file_name", "number", "percent", "plain"]

_SPACES = frozenset("\t\n\r\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029")


def plain(text: str) -> str:
    """Return ``text`` on one line: line ends become spaces, other control and format characters become U+FFFD."""
    return "".join(" " if c in _SPACES else "\ufffd" if _invisible(c) else c for c in text)


def _invisible(character: str) -> bool:
    # Cc control, Cf format (bidi overrides, zero width), Cs lone surrogates; U+200D joins emoji and scripts
    return unicodedata.category(character) in ("Cc", "Cf", "Cs") and character != "\u200d"


def figure_text(text: str) -> str:
    """Return ``text`` for matplotlib, which would read ``$`` as mathematics."""
    return plain(text).replace("\\", "/").replace("$", r"\$")


def file_name(text: str, *, length: int = 60) -> str:
    """Return a file name for ``text``: ASCII letters, digits, ``-`` and ``_`` alone, never empty.

    Two texts may share a name: callers add what tells them apart.
    """
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in text)
    return safe.strip("-")[:length].rstrip("-") or "x"


def number(value: float | None, digits: int) -> str:
    """Return ``value`` with ``digits`` decimals, ``n/a`` for None and NaN, and never a negative zero."""
    if value is None or value != value:
        return "n/a"
    rounded = f"{value:.{digits}f}"
    return rounded.removeprefix("-") if float(rounded) == 0 else rounded


def percent(share: float) -> str:
    """Return a share as ``97.5 %``; one that falls short of the whole never reads ``100.0 %``."""
    return f"{min(100 * share, 99.9 if share < 1 else 100.0):.1f} %"
