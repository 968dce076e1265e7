"""Tasks: what a system is given, what it answers, and what its answers are held against. One row each.

Found by the entry points ``syncbench.tasks``.
"""

from __future__ import annotations

from dataclasses import dataclass

from syncbench.answer import Answer, AudioVisual, Spans, Speech, Text, Video
from syncbench.clip import PARTS

__all__ = ["AVSR", "TALKING_FACE", "Anchor", "Task"]

_PARTS_OF: dict[type[Answer], frozenset[str]] = {
    Video: frozenset({"video"}),
    Speech: frozenset({"speech"}),
    AudioVisual: frozenset({"video", "speech"}),
    Text: frozenset({"transcript"}),
    Spans: frozenset({"words"}),
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A system that any score of a task must be read against, by its name among the models.

    Attributes:
        real: it answers with the real thing: a score that beats it says more about the score than about the system.
    """

    model: str
    title: str
    real: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A row: everything the engine and the reports know of a task.

    Attributes:
        name: such as ``talking-face``.
        summary: one sentence.
        given: the parts of a clip (``clip.PARTS``) that a system gets; it cannot read any other.
        answers: what it may answer with.
        kept: the parts of the given that belong to the answer where it does not bring its own: the speech that drove
            a face is the speech its lips are held against.
        anchors: shown in every table, in this order.
        headline: the scores by which clips are sorted, the first that a run has.
        hub: what the Hugging Face hub calls the task, for model cards; empty for the name.
    """

    name: str
    summary: str
    given: frozenset[str]
    answers: tuple[type[Answer], ...]
    kept: frozenset[str] = frozenset()
    anchors: tuple[Anchor, ...] = ()
    headline: tuple[str, ...] = ()
    hub: str = ""

    def __post_init__(self) -> None:
        if unknown := (self.given | self.kept) - PARTS:
            raise ValueError(f"task '{self.name}' names {', '.join(sorted(unknown))}, which no clip has")
        if not self.answers or not set(self.answers) <= set(_PARTS_OF):
            raise ValueError(f"task '{self.name}' must be answered with Video, Speech, AudioVisual, Text or Spans")

    @property
    def answered(self) -> frozenset[str]:
        """The parts of a clip that answers bring: those that every kind of answer has."""
        return frozenset.intersection(*(_PARTS_OF[kind] for kind in self.answers))

    def anchor(self, model: str) -> Anchor | None:
        """Return the anchor that a model is; None for a system."""
        return next((anchor for anchor in self.anchors if anchor.model == model), None)


TALKING_FACE = Task(
    name="talking-face",
    summary="draw a face whose lips follow given speech",
    given=frozenset({"video", "speech", "landmarks"}),
    answers=(Video, AudioVisual),
    kept=frozenset({"speech"}),
    anchors=(
        Anchor("reference", "real video", real=True),
        Anchor("shuffled", "another's speech"),
        Anchor("frozen", "one frame"),
    ),
    headline=("lse_c", "psnr"),
    hub="talking-face-generation",
)

AVSR = Task(
    name="avsr",
    summary="write down what is said, from speech, lips or both",
    given=frozenset({"video", "speech", "landmarks"}),
    answers=(Text,),
    headline=("wer",),
    hub="automatic-speech-recognition",
)
