"""Readability: can the words be read from the lips?

A lip reader reads the answer and the real video, and both are compared with what was said. Its own errors on the real
video stand beside every result, and relative readability divides by them: 100 % means that the answer can be read as
well as the real lips, whatever the lip reader's skill.

Source: J. Wang et al., "Seeing What You Said: Talking Face Generation Guided by a Lip Reading Expert" (CVPR 2023), who
take AV-HuBERT for the reader; here it is the bundled one, named in the signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from syncbench.baselines.lipreader.reader import LIP_HYPOTHESIS
from syncbench.baselines.lipreader.vocabulary import KNOWN_WORDS
from syncbench.contracts import Clip, Direction, Feature, Features, Measurement, ScoreSpec, Task
from syncbench.errors import ClipError
from syncbench.metrics._sums import ratio
from syncbench.metrics.word_error import count_errors, normaliser

__all__ = ["Readability", "ReadabilityMeasurement", "text_of"]


@dataclass(frozen=True)
class ReadabilityMeasurement(Measurement):
    """Counts of words read and misread, from the answer and from the real video of the same speech.

    Attributes:
        words: said in all clips; ``errors`` and ``hits``: of the reader on the answers (substituted, deleted and inserted
            words; words read right).
        real_words, real_errors, real_hits: the same on the real videos, of the clips that have one.
        paired_hits: words read right from the answers to those clips.
    """

    words: int = 0
    errors: int = 0
    hits: int = 0
    real_words: int = 0
    real_errors: int = 0
    real_hits: int = 0
    paired_hits: int = 0

    def scores(self) -> dict[str, Any]:
        return {
            "lip_wer": 100 * ratio(self.errors, self.words),
            "lip_accuracy": 100 * ratio(self.hits, self.words),
            "lip_wer_real": 100 * ratio(self.real_errors, self.real_words),
            "lip_accuracy_real": 100 * ratio(self.real_hits, self.real_words),
            "relative_readability": 100 * ratio(self.paired_hits, self.real_hits),
        }


def text_of(value: np.typing.NDArray[np.uint8]) -> str:
    """Return the text of a lip-reading feature."""
    return value.tobytes().decode()


def _spec(
    name: str, title: str, direction: Direction, summary: str, *, highest: float | None, reference: bool
) -> ScoreSpec:
    cited = "Wang et al., CVPR 2023 (reader: the bundled one)"
    headline = name in {"lip_wer", "relative_readability"}
    return ScoreSpec(
        name, title, "%", direction, (0.0, highest), reference, cited, summary, digits=1, headline=headline
    )


class Readability:
    """Word error rate of a lip reader on the answer, on the real video, and the one relative to the other."""

    name = "readability"
    order = 15
    tasks: frozenset[Task] = frozenset({"talking-face", "dubbing"})
    scores: tuple[ScoreSpec, ...] = (
        _spec("lip_wer", "Lip WER", "lower", "word errors of the lip reader on the answer", highest=None, reference=False),
        _spec("lip_accuracy", "Lip acc.", "higher", "words read right from the answer", highest=100, reference=False),
        _spec(
            "lip_wer_real", "Lip WER real", "none", "word errors of the lip reader on the real video: its own skill",
            highest=None, reference=True,
        ),
        _spec(
            "lip_accuracy_real", "Lip acc. real", "none", "words read right from the real video", highest=100, reference=True
        ),
        _spec(
            "relative_readability", "Readability", "higher",
            "words read right from the answer, over those read right from the real video", highest=None, reference=True,
        ),
    )  # fmt: skip
    measurement = ReadabilityMeasurement
    features: tuple[Feature, ...] = (LIP_HYPOTHESIS,)

    def __init__(self) -> None:
        self.normaliser = normaliser("upper-alnum")

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "reader": f"lipreader@{LIP_HYPOTHESIS.weights[:8]}",
            "decoding": "ctc-words-greedy",
            "vocabulary": f"grid-{len(KNOWN_WORDS) - 1}",
            "normaliser": self.normaliser.name,
        }

    def unavailable(self) -> str | None:
        return None

    def unsuited(self, clip: Clip) -> str | None:
        reason = self._unreadable(clip.transcript)
        return reason and f"{clip.id}: {reason}"

    def _unreadable(self, said: str | None) -> str | None:
        """Return None, or why words cannot be read by this reader, whoever says them."""
        if said is None:
            return "readability needs the words that are said, and there is no transcript"
        words = self.normaliser.apply(said).split()
        if not words:
            return "the transcript has no words, so nothing can be read"
        unknown = next((word for word in words if word not in KNOWN_WORDS), None)
        return unknown and f"the lip reader does not know '{unknown}', only GRID's {len(KNOWN_WORDS) - 1} words"

    def measure(self, reference: Features | None, output: Features) -> ReadabilityMeasurement:
        said = output.clip.transcript
        if said is None and reference is not None:
            said = reference.clip.transcript
        if reason := self._unreadable(said):
            raise ClipError(f"{output.clip.id}: {reason}")
        words = self.normaliser.apply(said or "")
        answer = count_errors(words, self.normaliser.apply(text_of(output[LIP_HYPOTHESIS])))
        made = ReadabilityMeasurement(words=len(words.split()), errors=_errors(answer), hits=answer.hits)
        if reference is None:
            return made
        # Another's speech does not change what the real lips say.
        shown = self.normaliser.apply(reference.clip.transcript or said or "")
        real = count_errors(shown, self.normaliser.apply(text_of(reference[LIP_HYPOTHESIS])))
        return made + ReadabilityMeasurement(
            real_words=len(shown.split()), real_errors=_errors(real), real_hits=real.hits, paired_hits=answer.hits
        )


def _errors(counted: Any) -> int:
    return int(counted.substitutions + counted.deletions + counted.insertions)
