"""The words the lip reader knows, and the sentences they make."""

from __future__ import annotations

__all__ = ["KNOWN_WORDS", "SENTENCE"]

SENTENCE: tuple[tuple[str, ...], ...] = (
    ("BIN", "LAY", "PLACE", "SET"),
    ("BLUE", "GREEN", "RED", "WHITE"),
    ("AT", "BY", "IN", "WITH"),
    tuple("ABCDEFGHIJKLMNOPQRSTUVXYZ"),
    ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"),
    ("AGAIN", "NOW", "PLEASE", "SOON"),
)
"""The words of each place of a GRID sentence (M. Cooke et al., JASA 2006)."""

KNOWN_WORDS: tuple[str, ...] = ("", *(word for place in SENTENCE for word in place))
"""GRID's words, for the output that knows words; the first stands for CTC's blank, and for silence."""
