"""The phones of English in IPA, and the classes in which they look alike on the lips (visemes)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["PHONES", "Phone", "phone_index", "symbols_of", "viseme", "viseme_classes"]


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone in IPA (empty for silence) and its span in seconds.

    ``release`` is when a stop's closure ends (``end`` for all others); ``stress`` is 0 none, 1 secondary, 2 primary.
    """

    symbol: str
    start: float
    end: float
    release: float
    stress: int = 0


PHONES: tuple[str, ...] = (
    "", "p", "b", "m", "f", "v", "θ", "ð", "t", "d", "n", "ɾ", "l", "s", "z", "ʃ", "ʒ", "ɹ", "r", "w", "ʍ", "k",
    "ɡ", "g", "ŋ", "x", "h", "ʔ", "j", "ʲ", "i", "ɪ", "e", "ɛ", "æ", "a", "ɑ", "ɐ", "ʌ", "ə", "ᵻ", "ɜ", "ɚ", "ɒ",
    "ɔ", "o", "ʊ", "ʉ", "u",
)  # fmt: skip
"""IPA symbols, the empty one for silence; a table over phones has a row for each, in this order."""

_PLACES = {symbol: place for place, symbol in enumerate(PHONES)}

_CLASSES: Mapping[str, str] = {
    "bilabial": "pbm",
    "labiodental": "fv",
    "dental": "θð",
    "alveolar": "tdnɾl",
    "sibilant": "sz",
    "postalveolar": "ʃʒ",
    "approximant": "ɹrɚɜ",
    "velar": "kɡgŋxhʔ",
    "rounded": "wʍuʉʊoɔɒ",
    "spread": "iɪjʲeᵻ",
    "mid": "əɐʌɛ",
    "open": "aæɑ",
}
_CLASS_OF = {symbol: name for name, symbols in _CLASSES.items() for symbol in symbols}
_CLASS_OF[""] = "silence"


def phone_index(symbol: str) -> int:
    """Return a phone's row in ``PHONES``: a long or compound one counts as its first part; -1 where unknown."""
    if not symbol:
        return _PLACES[""]
    return next((_PLACES[c] for c in symbol if c in _PLACES), -1)


def symbols_of(symbol: str) -> list[str]:
    """Return the parts of a compound phone that are in ``PHONES``: ``aʊ`` is a and ʊ, ``iː`` is i."""
    return [c for c in symbol if c in _PLACES]


def viseme_classes() -> dict[str, frozenset[str]]:
    """Return viseme class (bilabial, labiodental, dental, rounded, spread, open, ...) -> IPA symbols."""
    return {**{name: frozenset(symbols) for name, symbols in _CLASSES.items()}, "silence": frozenset({""})}


def viseme(symbol: str) -> str:
    """Return the class of a phone such as ``p``, ``iː`` or ``aʊ`` (by its first part); ``mid`` where unknown."""
    parts = symbols_of(symbol)
    return _CLASS_OF[parts[0]] if parts else _CLASS_OF[""] if not symbol else "mid"
