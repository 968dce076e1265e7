"""The words the lip reader knows, and the sentences they make."""

from __future__ import annotations

from syncbench.datasets.synthetic.sentences import GRID_SLOTS

__all__ = ["KNOWN_WORDS", "SENTENCE"]

SENTENCE: tuple[tuple[str, ...], ...] = tuple(tuple(word.upper() for word in slot) for slot in GRID_SLOTS)
"""The words of each place of a GRID sentence (M. Cooke et al., JASA 2006)."""

KNOWN_WORDS: tuple[str, ...] = ("", *(word for place in SENTENCE for word in place))
"""GRID's words, for the output that knows words; the first stands for CTC's blank, and for silence."""
