"""Metrics: features of the real clip and of the answer in, a measurement out; and the scores they declare.

Found by the entry points ``syncbench.metrics``, each a callable without arguments that gives a :class:`Metric`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from syncbench.clip import Clip
from syncbench.feature import Feature, Features
from syncbench.measurement import Measurement, Ratios
from syncbench.task import Task

__all__ = ["Direction", "Measured", "Metric", "Score", "ScoreSpec"]

Direction = Literal["higher", "lower", "none"]


@dataclass(frozen=True, slots=True)
class ScoreSpec:
    """What a score is.

    Attributes:
        name: such as ``lse_c``.
        title: as printed in a table head, such as ``LSE-C``.
        unit: such as ``dB``, ``px``, ``%``; empty for a plain number.
        direction: which way is better.
        range: lowest and highest possible value; None where unbounded.
        reference: whether the real video of the same speech is needed.
        citation: paper or repository.
        summary: one sentence.
        digits: decimals in tables.
        headline: whether it stands in the main table; the others are in the details of a report.
    """

    name: str
    title: str
    unit: str
    direction: Direction
    range: tuple[float | None, float | None]
    reference: bool
    citation: str
    summary: str
    digits: int = 3
    headline: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """A corpus score of one run under one condition.

    Attributes:
        name, metric: the score and its family, such as ``lse_c`` of ``lse``.
        condition: the corruption, such as ``audio=babble@0,visual=clean``; empty where nothing was corrupted.
        value: None where nothing could be measured; ``reason`` then says why.
        reason: why there is no value, or why clips were withheld; empty where neither is so.
        low, high: bounds of the 95 % interval; None where no interval is defined.
        n, failed, withheld: clips that entered it; clips that could not be answered or measured; and clips that were
            measured but of which this score says nothing (:class:`Measured`). Together all clips of the run.
        signature: everything that must agree before two values may be compared.
        headline: whether it stands in the main table.
        coverage: share of the frames of the clips measured or withheld that entered it, 0..1; None where frames say
            nothing.
    """

    name: str
    metric: str
    condition: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    failed: int
    title: str
    unit: str
    direction: Direction
    digits: int
    signature: str
    reason: str = ""
    headline: bool = True
    coverage: float | None = None
    withheld: int = 0


@dataclass(frozen=True)
class Measured:
    """What a metric found in one answer.

    Attributes:
        measurement: what it contributes to the scores.
        curves: per-frame curves worth drawing.
        withheld: score -> why it says nothing of this clip though it could be computed, such as a lip reader that cannot
            read the real lips either. The measurement counts nothing for such a score. It must follow from the real clip
            alone, never from the answer, so that every system is measured on the same clips.
    """

    measurement: Measurement
    curves: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    withheld: Mapping[str, str] = field(default_factory=dict[str, str])


class Metric:
    """A family of scores. A subclass gives ``name``, ``inputs``, ``scores`` and ``measure``; the rest has defaults.

    Attributes:
        name: of the family, such as ``lse``; ``--metrics`` takes family and score names.
        inputs: the parts of an answer that it measures (``video``, ``speech``, ``transcript``). It applies to tasks
            whose answers bring one of them at least, and the others with it.
        scores: what its measurement says.
        measurement: the class of its measurements.
        features: what it asks features for, so that they can be listed and computed ahead.
        settings: what a score's signature must say: evaluator, protocol, network, landmark provider, ...
        order: where its scores stand in tables, lower first.
        on_request: True keeps a family out of runs that do not ask for it by name (another protocol, a costly variant).
        traces: the traces that a system must leave for the family to be measured unasked.
        covers: False where frames say nothing of how much was measured.
    """

    name: str
    inputs: frozenset[str]
    scores: tuple[ScoreSpec, ...]
    measurement: type[Measurement] = Ratios
    features: tuple[Feature, ...] = ()
    settings: Mapping[str, str] = {}
    order: int = 50
    on_request: bool = False
    traces: frozenset[str] = frozenset()
    covers: bool = True

    def applies(self, task: Task) -> bool:
        """Return whether answers of a task can be measured."""
        return bool(self.inputs & task.answered) and self.inputs <= task.answered | task.kept

    def unavailable(self) -> str | None:
        """Return None, or one line: what is missing and the command that gets it."""
        return None

    def unsuited(self, clip: Clip) -> str | None:
        """Return None, or one line: why a clip cannot be measured whatever answers it, such as unknown phones.

        A family that suits no clip of a run is not measured unasked, and said to be unavailable for the first reason.
        """
        return None

    def measure(self, reference: Features, output: Features) -> Measurement | Measured:
        """Measure one answer: ``output`` holds what the system gave, ``reference`` the clip as the dataset has it.

        Where no real video of the speech is known, the reference has none. A measurement that leaves ``measured`` at 0
        counts all frames that both have. Raises ClipError with the reason where this clip cannot be measured; where only
        some scores would say nothing of it, they are withheld (:class:`Measured`).
        """
        raise NotImplementedError

    def remarks(self, total: Measurement) -> Sequence[str]:
        """Return sentences that a reader of the corpus score should know."""
        return ()
