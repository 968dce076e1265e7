"""Readability: can the words be read from the lips?

A lip reader reads the answer and the real video, and both are compared with what was said. Its own errors on the real
video stand beside every result, and relative readability divides by them: 100 % means that the answer can be read as
well as the real lips, whatever the lip reader's skill.

Where the reader cannot read the real lips of a clip, its reading of the answer says nothing of the answer: the answer's
scores are withheld there, with the reason. The reader's own skill counts every clip.

Source: J. Wang et al., "Seeing What You Said: Talking Face Generation Guided by a Lip Reading Expert" (CVPR 2023), who
take AV-HuBERT for the reader; here it is Auto-AVSR or the bundled one, named in the signature.
"""

from __future__ import annotations

from syncbench import registry
from syncbench.clip import Clip
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.evaluators import LipReader, text_of
from syncbench.measurement import Ratios
from syncbench.metric import Direction, Measured, Metric, ScoreSpec
from syncbench.metrics.word_error import WordErrorMeasurement, count_errors, normaliser

__all__ = ["MAX_REAL_WER", "Readability", "default_reader"]

MAX_REAL_WER = 25.0
"""Highest word error rate of the reader on a clip's real video, in per cent, at which it holds there. ASSUMED."""


def _spec(
    name: str, title: str, direction: Direction, summary: str, *, highest: float | None, reference: bool
) -> ScoreSpec:
    cited = "Wang et al., CVPR 2023 (another reader: see the signature)"
    headline = name in {"lip_wer", "relative_readability"}
    return ScoreSpec(
        name, title, "%", direction, (0.0, highest), reference, cited, summary, digits=1, headline=headline
    )


class Readability(Metric):
    """Word error rate of a lip reader on the answer, on the real video, and the one relative to the other.

    Words count: those read right from the answer over those read right from the real video of the same clips. The
    answer's scores are withheld for clips on whose real video the reader gets over ``MAX_REAL_WER`` of the words wrong.

    Without a reader, Auto-AVSR is used where its official weights are present, and the bundled lip reader otherwise; which
    of them it was stands in every signature.
    """

    inputs = frozenset({"video"})
    order = 15
    scores = (
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

    def __init__(self, reader: LipReader | None = None, name: str = "readability") -> None:
        self.name = name
        self.on_request = name != "readability"
        self.normaliser = normaliser("upper-alnum")
        self.reader = reader or default_reader()
        self.features = (self.reader.hypothesis,)
        self.settings = {
            "reader": self.reader.label,
            "decoding": self.reader.decoding,
            "vocabulary": self.reader.vocabulary,
            "normaliser": self.normaliser.name,
            "withheld": f"real-wer>{MAX_REAL_WER:g}%",
            **({"protocol": self.reader.protocol} if self.reader.protocol else {}),
            **({"limits": self.reader.limits} if self.reader.limits else {}),
        }

    def unavailable(self) -> str | None:
        return self.reader.unavailable()

    def unsuited(self, clip: Clip) -> str | None:
        return self._unreadable(clip.transcript)

    def _unreadable(self, said: str | None) -> str | None:
        """Return None, or why words cannot be read by this reader, whoever says them."""
        if said is None:
            return "readability needs the words that are said, and there is no transcript"
        words = self.normaliser.apply(said).split()
        if not words:
            return "the transcript has no words, so nothing can be read"
        known = self.reader.words
        unknown = next((word for word in words if known is not None and word not in known), None)
        if unknown:
            return f"the lip reader does not know '{unknown}', only {self.reader.vocabulary}"
        places = self.reader.sentence
        if places and not (len(words) == len(places) and all(w in p for w, p in zip(words, places, strict=True))):
            return f"'{' '.join(words)}' is no sentence of the {len(places)} words that the lip reader reads, in their order"
        return None

    def measure(self, reference: Features, output: Features) -> Measured:
        said = output.clip.transcript if output.clip.transcript is not None else reference.clip.transcript
        if reason := self._unreadable(said):
            raise ClipError(reason)
        answer = self._read(output, said or "")
        made = Ratios({"lip_wer": _rate(_errors(answer), answer), "lip_accuracy": _rate(answer.hits, answer)})
        if not reference.clip.has("video"):
            return Measured(made)
        # Another's speech does not change what the real lips say.
        real = self._read(reference, reference.clip.transcript or said or "")
        skill = Ratios({"lip_wer_real": _rate(_errors(real), real), "lip_accuracy_real": _rate(real.hits, real)})
        missed, count = _rate(_errors(real), real)
        if missed > MAX_REAL_WER * count:
            why = f"the lip reader gets {missed / count:.0f} % of the words wrong on the real video, over {MAX_REAL_WER:g} %"
            return Measured(skill, withheld=dict.fromkeys(_ANSWERS, why))
        return Measured(made + skill + Ratios({"relative_readability": (100 * answer.hits, real.hits)}))

    def _read(self, features: Features, said: str) -> WordErrorMeasurement:
        words = self.normaliser.apply(said)
        return count_errors(words, self.normaliser.apply(text_of(features[self.reader.hypothesis])))


_ANSWERS = ("lip_wer", "lip_accuracy", "relative_readability")


def default_reader() -> LipReader:
    """Return Auto-AVSR where its official weights are here, else the bundled lip reader."""
    official = _reader("auto_avsr")
    return official if official.unavailable() is None else _reader("lipreader")


def _reader(name: str) -> LipReader:
    found: LipReader = registry.load("reader", name)()
    return found


def auto_avsr() -> Readability:
    """Readability by Auto-AVSR, decoded as its authors do; needs its official weights."""
    return Readability(_reader("auto_avsr"), "readability-auto_avsr")


def auto_avsr_ctc() -> Readability:
    """Readability by Auto-AVSR with greedy CTC, which is quick; needs its official weights."""
    return Readability(_reader("auto_avsr-ctc"), "readability-auto_avsr-ctc")


def lipreader() -> Readability:
    """Readability by the bundled lip reader, whatever weights are here."""
    return Readability(_reader("lipreader"), "readability-lipreader")


def _errors(counted: WordErrorMeasurement) -> int:
    return counted.substitutions + counted.deletions + counted.insertions


def _rate(count: int, of: WordErrorMeasurement) -> tuple[int, int]:
    """Return a share of the words said, in per cent, as total and count."""
    return 100 * count, of.hits + of.substitutions + of.deletions
