"""WER and CER, with substitutions, deletions, insertions, under a named text normaliser.

Corpus rates are sums of errors over sums of reference words, never means of rates. **An empty reference** adds what was
heard to the insertions and nothing to the words, so silence that is heard as words costs; a corpus without a single
reference word has no rate.

Source: alignment by jiwer (rapidfuzz). CER counts characters after normalisation, the spaces between words included.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from syncbench.errors import ClipError, unknown_name
from syncbench.feature import Features
from syncbench.measurement import Measurement, ratio
from syncbench.metric import Direction, Metric, ScoreSpec

__all__ = [
    "NORMALISERS",
    "Normaliser",
    "WordError",
    "WordErrorMeasurement",
    "count_errors",
    "normaliser",
    "raw",
    "whisper_like",
]


@dataclass(frozen=True, slots=True)
class Normaliser:
    """A way to make two spellings of the same words equal. Rates under different ones are not comparable.

    Attributes:
        name: as signatures say it.
        summary: one sentence.
        apply: text to text, words separated by single spaces.
    """

    name: str
    summary: str
    apply: Callable[[str], str]


def _raw(text: str) -> str:
    return " ".join(text.split())


def _upper_alnum(text: str) -> str:
    letters = unicodedata.normalize("NFKC", text).replace(_CURLY, "'").upper()
    kept = "".join(char if char.isalnum() or char == "'" else " " for char in letters)
    return " ".join(word for word in kept.split() if word.strip("'"))


_CURLY = "\u2019"
_ASIDES = re.compile(r"<[^>]*>|\[[^\]]*\]|\([^)]*\)")
_FILLERS = re.compile(r"\b(?:hmm+|mm+|mhm|uh|um)\b")
_LONG_FORMS = (
    (r"\bwon't\b", "will not"), (r"\bcan't\b", "can not"), (r"\blet's\b", "let us"), (r"\bgonna\b", "going to"),
    (r"\bwanna\b", "want to"), (r"\bgotta\b", "got to"), (r"n't\b", " not"), (r"'re\b", " are"), (r"'ll\b", " will"),
    (r"'ve\b", " have"), (r"'m\b", " am"), (r"'d\b", " would"), (r"'s\b", " is"),
)  # fmt: skip


def _whisper_like(text: str) -> str:
    spoken = _FILLERS.sub(" ", _ASIDES.sub(" ", text.replace(_CURLY, "'").lower()))
    for short, full in _LONG_FORMS:
        spoken = re.sub(short, full, spoken)
    letters = (char for char in unicodedata.normalize("NFKD", spoken) if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in letters).split())


NORMALISERS: tuple[Normaliser, ...] = (
    Normaliser("raw", "as written; runs of white space count as one space", _raw),
    Normaliser(
        "upper-alnum", "upper case; letters, digits and apostrophes only, the rest separates words", _upper_alnum
    ),
    Normaliser(
        "whisper-like",
        "lower case, no asides in brackets, no hesitations, contractions in their long forms, no accents, no punctuation: "
        "after Whisper's English normaliser, without its spelling and number tables",
        _whisper_like,
    ),
)


def normaliser(name: str) -> Normaliser:
    """Return the normaliser called ``name``. Raises CommandError for an unknown one."""
    for known in NORMALISERS:
        if known.name == name:
            return known
    raise unknown_name("normaliser", name, [known.name for known in NORMALISERS])


@dataclass(frozen=True)
class WordErrorMeasurement(Measurement):
    """Counts of words, and of character edits.

    Attributes:
        hits, substitutions, deletions, insertions: of the alignment with the fewest errors.
        character_errors, characters: the same sum of edits over characters, and the reference's length in characters.
        sentences, correct: utterances, and those without any error.
    """

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    character_errors: int = 0
    characters: int = 0
    sentences: int = 0
    correct: int = 0

    def scores(self) -> dict[str, Any]:
        words = self.hits + self.substitutions + self.deletions
        return {
            "wer": 100 * ratio(self.substitutions + self.deletions + self.insertions, words),
            "cer": 100 * ratio(self.character_errors, self.characters),
            "word_substitutions": 100 * ratio(self.substitutions, words),
            "word_deletions": 100 * ratio(self.deletions, words),
            "word_insertions": 100 * ratio(self.insertions, words),
            "sentences_correct": 100 * ratio(self.correct, self.sentences),
        }


def count_errors(reference: str, hypothesis: str) -> WordErrorMeasurement:
    """Return the errors of one utterance: what was said and what was heard, both normalised already."""
    import jiwer

    if not reference:  # jiwer's own rule for this case has changed between releases
        words, characters = len(hypothesis.split()), len(hypothesis)
        return WordErrorMeasurement(
            insertions=words, character_errors=characters, sentences=1, correct=int(not hypothesis)
        )
    by_word = jiwer.process_words(reference, hypothesis)
    by_character = jiwer.process_characters(reference, hypothesis)
    return WordErrorMeasurement(
        hits=by_word.hits,
        substitutions=by_word.substitutions,
        deletions=by_word.deletions,
        insertions=by_word.insertions,
        character_errors=by_character.substitutions + by_character.deletions + by_character.insertions,
        characters=by_character.hits + by_character.substitutions + by_character.deletions,
        sentences=1,
        correct=int(reference == hypothesis),
    )


def _spec(name: str, title: str, summary: str, highest: float | None = None) -> ScoreSpec:
    direction: Direction = "higher" if name == "sentences_correct" else "lower"
    headline = name in {"wer", "cer"}
    source = "Levenshtein alignment (jiwer)"
    return ScoreSpec(name, title, "%", direction, (0.0, highest), True, source, summary, digits=2, headline=headline)


class WordError(Metric):
    """WER and CER of what a recogniser heard, under one normaliser, which is part of every signature."""

    inputs = frozenset({"transcript"})
    order = 10
    covers = False
    scores = (
        _spec("wer", "WER", "errors over reference words; above 100 % where much was inserted"),
        _spec("cer", "CER", "errors over reference characters, spaces included"),
        _spec("word_substitutions", "S", "substituted words over reference words", 100.0),
        _spec("word_deletions", "D", "deleted words over reference words", 100.0),
        _spec("word_insertions", "I", "inserted words over reference words"),
        _spec("sentences_correct", "Correct", "utterances without any error", 100.0),
    )
    measurement = WordErrorMeasurement

    def __init__(self, normaliser_name: str = "upper-alnum") -> None:
        self.name = "word_error" if normaliser_name == "upper-alnum" else f"word_error-{normaliser_name}"
        self.on_request = normaliser_name != "upper-alnum"
        self.normaliser = normaliser(normaliser_name)
        self.settings = {"normaliser": self.normaliser.name, "aggregation": "corpus"}

    def measure(self, reference: Features, output: Features) -> WordErrorMeasurement:
        if reference.clip.transcript is None:
            raise ClipError("there is no transcript to compare with")
        if output.clip.transcript is None:
            raise ClipError("the answer has no words: a recogniser that hears none answers with an empty text")
        return count_errors(
            self.normaliser.apply(reference.clip.transcript), self.normaliser.apply(output.clip.transcript)
        )


def raw() -> WordError:
    """Return WER and CER of the texts as written."""
    return WordError("raw")


def whisper_like() -> WordError:
    """Return WER and CER after a normaliser like Whisper's."""
    return WordError("whisper-like")
