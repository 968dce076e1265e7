"""The words the lip reader knows."""

from __future__ import annotations

__all__ = ["KNOWN_WORDS"]

KNOWN_WORDS: tuple[str, ...] = (
    "",
    *("BIN", "LAY", "PLACE", "SET", "BLUE", "GREEN", "RED", "WHITE", "AT", "BY", "IN", "WITH"),
    *"ABCDEFGHIJKLMNOPQRSTUVXYZ",
    *("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE", "AGAIN", "NOW", "PLEASE", "SOON"),
)
"""GRID's words, for the output that knows words; the first stands for CTC's blank, and for silence."""
