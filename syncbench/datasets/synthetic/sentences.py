"""What is said: seeded grammars. GRID's commands, open sentences, and single words inside open sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["GRID_SLOTS", "GRID_WORDS", "WORDS", "Sentence", "grid_sentence", "open_sentence", "word_sentence"]

GRID_SLOTS: tuple[tuple[str, ...], ...] = (
    ("bin", "lay", "place", "set"),
    ("blue", "green", "red", "white"),
    ("at", "by", "in", "with"),
    tuple("abcdefghijklmnopqrstuvxyz"),
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    ("again", "now", "please", "soon"),
)
"""Command, colour, preposition, letter, digit, adverb: the sentences of the GRID corpus (Cooke et al., JASA 2006)."""
GRID_WORDS = tuple(sorted({word for slot in GRID_SLOTS for word in slot}))

_NOUNS = (  # noqa: SIM905  a list of a hundred quoted words is harder to read
    "people party family market paper number problem system weather village garden river mountain picture window "
    "doctor teacher children brother mother father friend office company building government minister police "
    "station hospital morning evening summer winter question answer story chapter music singer farmer fisherman "
    "animal forest valley bridge island harbour kitchen table dinner coffee water bottle basket vegetable potato "
    "pepper butter cheese apple banana computer telephone machine engine battery member bishop captain soldier "
    "painter baker butcher banker lawyer writer reporter visitor neighbour wedding birthday holiday journey "
    "platform football cricket tennis champion museum theatre library university laboratory method theory figure "
    "measure pressure treasure vision television feather leather thousand mouth tooth path thumb wolf wood"
).split()
_ADJECTIVES = (  # noqa: SIM905  a list of a hundred quoted words is harder to read
    "big small old young beautiful difficult famous foolish golden happy heavy important lovely marvellous modern "
    "narrow new open perfect possible powerful private public quiet rapid serious simple special strong terrible "
    "thick thin usual valuable wealthy whole wonderful yellow empty british european common"
).split()
_VERBS = (  # noqa: SIM905  a list of a hundred quoted words is harder to read
    "move buy build carry change check choose collect cover describe discover finish follow forget improve "
    "measure offer open paint photograph prefer prepare promise protect push remember remove repair replace show "
    "support visit wash watch welcome weigh borrow believe examine"
).split()
_PLACES = (
    "beyond the river",
    "above the valley",
    "in the village",
    "behind the market",
    "before the wedding",
    "without a problem",
    "for the government",
    "with my brother",
    "beside the fire",
    "after the war",
    "from the north",
    "through the forest",
    "over the bridge",
    "by the window",
    "on television",
)
_TIMES = (
    "today",
    "tomorrow",
    "every morning",
    "this week",
    "before five",
    "in february",
    "on wednesday",
    "last summer",
    "next year",
    "at half past seven",
    "very often",
    "again and again",
    "as soon as possible",
)
_WHO = ("we", "they", "you", "my mother", "the others", "both of them", "most people", "her father", "four friends")
_MODALS = ("will", "should", "would", "could", "may", "might", "have to", "want to", "hope to", "never")

WORDS = tuple(sorted({word for word in (*_NOUNS, *_ADJECTIVES, *_VERBS) if len(word) >= 5}))
"""Words of the isolated-word set."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words to say, in lower case. ``target`` is the index of the word that matters; -1 means the whole sentence."""

    words: tuple[str, ...]
    target: int = -1

    @property
    def spoken(self) -> str:
        """The text for the synthesiser: single letters as names of letters."""
        return " ".join(w.upper() if len(w) == 1 and (w != "a" or self._names_letters) else w for w in self.words)

    @property
    def _names_letters(self) -> bool:
        return len(self.words) == 6 and self.words[0] in GRID_SLOTS[0] and self.words[4] in GRID_SLOTS[4]


def _pick(rng: np.random.Generator, items: Sequence[str]) -> str:
    return items[int(rng.integers(len(items)))]


def grid_sentence(rng: np.random.Generator) -> Sentence:
    """Return one of GRID's 64,000 sentences, such as ``bin blue at f two now``."""
    return Sentence(tuple(_pick(rng, slot) for slot in GRID_SLOTS))


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" and not word.startswith(("uni", "eu", "usu")) else "a"


def _thing(rng: np.random.Generator, noun: str | None = None) -> list[str]:
    noun = noun or _pick(rng, _NOUNS)
    words = [_pick(rng, _ADJECTIVES), noun] if rng.random() < 0.6 else [noun]
    lead = _pick(rng, ("the", "the", "this", "my", "their", "a"))
    return [_article(words[0]) if lead == "a" else lead, *words]


def open_sentence(rng: np.random.Generator) -> Sentence:
    """Return a sentence of an open vocabulary (about 250 words), four to twelve words long."""
    form = int(rng.integers(5))
    if form == 0:
        words = [*_pick(rng, _WHO).split(), *_pick(rng, _MODALS).split(), _pick(rng, _VERBS), *_thing(rng)]
    elif form == 1:
        words = [*_thing(rng), "is", *_pick(rng, ("very", "not", "more", "always")).split(), _pick(rng, _ADJECTIVES)]
    elif form == 2:
        words = ["there", "was", *_thing(rng), *_pick(rng, _PLACES).split()]
    elif form == 3:
        words = [*_pick(rng, ("please", "do not", "never", "always")).split(), _pick(rng, _VERBS), *_thing(rng)]
    else:
        words = [*_thing(rng), *_pick(rng, _MODALS).split(), _pick(rng, _VERBS), *_thing(rng)]
    if len(words) < 9 and rng.random() < 0.5:
        words += _pick(rng, _PLACES if form != 2 and rng.random() < 0.5 else _TIMES).split()
    return Sentence(tuple(words))


def word_sentence(rng: np.random.Generator) -> Sentence:
    """Return an open sentence around one word of ``WORDS``, so that the word is coloured by its neighbours."""
    word = _pick(rng, WORDS)
    if word in _VERBS:
        head = [*_pick(rng, _WHO).split(), *_pick(rng, _MODALS).split()]
        return Sentence((*head, word, *_thing(rng), *_pick(rng, _TIMES).split()), len(head))
    if word in _ADJECTIVES:
        head = ["there", "was", *_pick(rng, ("the", "this", "my", "their")).split()]
        return Sentence((*head, word, _pick(rng, _NOUNS), *_pick(rng, _PLACES).split()), len(head))
    thing = _thing(rng, word)
    head = [*_pick(rng, _WHO).split(), *_pick(rng, _MODALS).split(), _pick(rng, _VERBS), *thing]
    return Sentence((*head, *_pick(rng, _PLACES).split()), len(head) - 1)
