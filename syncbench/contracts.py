"""The nouns of SyncBench: what a dataset, a system, a feature and a metric owe each other.

A dataset gives clips. A system answers a clip, and the kept answer is a clip again: the same person and id, with the
video a generator made, the speech a synthesiser made, or the words a recogniser heard. Features are computed on either.
A metric turns features of the reference and of the answer into a measurement; measurements add up to scores.

Conventions, everywhere:

- frames: uint8 ``[T, H, W, 3]``, RGB, 25 frames per second;
- speech: float32 ``[N]`` in -1..1, 16 kHz mono, ``N == T * 640``;
- landmarks: float32 ``[T, 68, 2]``, x and y in pixels, dlib's order, NaN where no face was found;
- times: seconds from the start of the clip.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FPS",
    "SAMPLES_PER_FRAME",
    "SAMPLE_RATE",
    "Answer",
    "Clip",
    "Dataset",
    "Direction",
    "Feature",
    "Features",
    "Frames",
    "Measurement",
    "Metric",
    "Problem",
    "Score",
    "ScoreSpec",
    "Setup",
    "Speech",
    "System",
    "SystemFactory",
    "Task",
    "Unusable",
    "Value",
    "Word",
]

FPS = 25
SAMPLE_RATE = 16_000
SAMPLES_PER_FRAME = SAMPLE_RATE // FPS

Frames = NDArray[np.uint8]
Speech = NDArray[np.float32]
Value = NDArray[Any] | Mapping[str, NDArray[Any]]
Task = Literal["talking-face", "avsr", "video-to-speech", "dubbing"]
Direction = Literal["higher", "lower", "none"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word and when it is said, in seconds from the start of the clip."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Clip:
    """A face speaking: video, speech and words, all read only when asked for.

    Attributes:
        id: unique within its dataset, with ``/`` between parts, such as ``s1/bbal6n``.
        video: file of the face; None where a dataset has speech alone.
        audio: file of the speech; None means the video's own audio track.
        speaker: who speaks, as the dataset names them; empty where unknown.
        group: clips that are not independent of each other (one speaker, one source video) share a group;
            bootstrap intervals resample groups. Empty means the clip stands alone.
        transcript: the words said, as the dataset writes them; None where unknown.
        words: the same words with their times, where known.
        start, end: the span of ``video`` that is the clip, in seconds; ``end`` None means to the end.
        audio_start: where the span begins in ``audio``, in seconds; None means at ``start``.
        extras: further files by role: ``landmarks`` (npz holding the clip's id as a key, ``[T, 68, 2]``),
            ``truth`` (npz of a synthetic clip), ``traces`` (npz a system left).
        reference: False where the video does not show the speech (cross pairing): metrics that compare with the
            real video then have nothing to compare with.
    """

    id: str
    video: Path | None
    audio: Path | None = None
    speaker: str = ""
    group: str = ""
    transcript: str | None = None
    words: tuple[Word, ...] = ()
    start: float = 0.0
    end: float | None = None
    audio_start: float | None = None
    extras: Mapping[str, Path] = field(default_factory=dict[str, Path])
    reference: bool = True

    def frames(self) -> Frames:
        """Return the clip's frames, uint8 ``[T, H, W, 3]``. Raises ClipError where they cannot be read."""
        from syncbench import media

        return media.clip_frames(self)

    def speech(self, frames: int | None = None) -> Speech:
        """Return the clip's speech, float32 ``[frames * 640]``, cut or padded with zeros to the video's length.

        ``frames`` is the length in frames where the caller knows it; otherwise the video is counted.
        """
        from syncbench import media

        return media.clip_speech(self, frames)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A clip that a dataset lists but cannot give, with the reason. It counts in N as failed."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of ``syncbench data validate``: the file, what is wrong with it, and what to do."""

    path: str
    what: str
    advice: str = ""


@runtime_checkable
class Dataset(Protocol):
    """Reads one dataset's official layout from a folder."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def splits(self) -> tuple[str, ...]: ...
    @property
    def needs_root(self) -> bool: ...

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the split's clips in the order of its list. Raises CommandError where the layout is not there.

        ``seed`` matters to generated datasets alone.
        """
        ...

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed under ``root``, file by file."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system gives back for one clip: whatever its task asks for, in memory or as a file.

    Attributes:
        video: frames uint8 ``[T, H, W, 3]``, or a video file.
        speech: float32 ``[N]``, or an audio (or video) file. None means the clip's own speech.
        text: the words a recogniser heard.
        traces: arrays worth keeping, such as memory addresses ``[T, slots]`` or reliability scores ``[T]``.
    """

    video: Frames | Path | None = None
    speech: Speech | Path | None = None
    text: str | None = None
    traces: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])


@runtime_checkable
class System(Protocol):
    """Something under test. ``settings`` go into the run's provenance (weights hash, context length, ...).

    Optional: ``beside``, the systems that it is always shown beside, each with the options it is to have;
    ``traces``, a frozenset of the names of the traces its answers leave; ``probe(clip)``, arrays by name that
    show what is inside the system (or ``probe`` None). A run asks it once, with its first answered clip as the dataset
    gives it, and keeps the arrays. Reports draw those of an audio-lip memory:

    - ``slots``: the mouth drawn from each slot alone, uint8 ``[S, h, w, 3]``;
    - ``blend``: mouths from one slot to another in equal steps, uint8 ``[steps, h, w, 3]``;
    - ``blend_slots``: pairs of slots that were blended, int ``[N, 2]``, the first being the one of ``blend``;
    - ``blend_opening``: how far the mouth is open along each blend, float ``[N, steps]``.
    """

    @property
    def name(self) -> str: ...
    @property
    def task(self) -> Task: ...
    @property
    def settings(self) -> Mapping[str, str]: ...

    def answer(self, clip: Clip) -> Answer:
        """Answer one clip. Raises ClipError where this clip cannot be answered."""
        ...


@dataclass(frozen=True, slots=True)
class Setup:
    """What a system is built from.

    Attributes:
        argument: the text after the colon in ``--model name:argument``; empty where there is none.
        clips: every usable clip of the run, in order, so that an anchor can borrow from another clip.
        seed: the run's seed.
        device: a torch device name.
        options: ``--option key=value`` pairs.
    """

    argument: str = ""
    clips: tuple[Clip, ...] = ()
    seed: int = 0
    device: str = "cpu"
    options: Mapping[str, str] = field(default_factory=dict[str, str])


SystemFactory = Callable[[Setup], System]


@runtime_checkable
class Feature(Protocol):
    """A named, versioned computation on a clip, depending on other features.

    Its value is cached under the hash of the clip's files, ``name``, ``version``, ``weights`` and the keys of its
    ``needs``: raise ``version`` whenever the code changes what it computes. Two features of one name are one feature.

    Attributes:
        name: unique, settings included, such as ``mouth[96,grey]``.
        version: of the code.
        weights: SHA-256 of the network's weights; empty where there are none.
        needs: features whose values ``compute`` receives, in order.
        stored: False keeps the value in memory for the clip at hand only (cheap or huge values).
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def weights(self) -> str: ...
    @property
    def needs(self) -> tuple[Feature, ...]: ...
    @property
    def stored(self) -> bool: ...

    def compute(self, clip: Clip, *needs: Any) -> Value:
        """Return the value for one clip: an array, or arrays by name. Raises ClipError or Unavailable."""
        ...


class Features(Protocol):
    """The features of one clip, computed when first asked for: ``features[FRAMES]``."""

    @property
    def clip(self) -> Clip: ...

    def __getitem__(self, feature: Feature) -> Any: ...


@dataclass(frozen=True)
class Measurement:
    """What one clip, or the sum of many, contributed: a frozen value with a zero and ``+``.

    A subclass is a frozen dataclass whose fields all default to zero. Fields are counts and sums, never means:
    ``scores`` divides at the end, in plain NumPy arithmetic on the fields, so that it works on arrays of resampled
    sums as well (that is how intervals are made). Fields may be arrays; ``+`` adds them element by element.
    """

    @classmethod
    def zero(cls) -> Self:
        """Return the measurement of no clips."""
        return cls()

    def __add__(self, other: Self) -> Self:
        if type(self) is not type(other):
            raise TypeError(f"cannot add {type(self).__name__} and {type(other).__name__}")
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in dataclasses.fields(self)}
        return type(self)(**sums)

    def scores(self) -> dict[str, Any]:
        """Return score name -> value; NaN where nothing was counted."""
        raise NotImplementedError


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


@runtime_checkable
class Metric(Protocol):
    """Turns features into a measurement.

    Attributes:
        name: the family, such as ``lse``; ``--metrics`` takes family and score names.
        tasks: the tasks it applies to.
        scores: what its measurement says.
        measurement: the class of its measurements.
        features: what it asks features for, so that they can be listed and computed ahead.
        settings: what a score's signature must say: evaluator, protocol, network, landmark provider, ...

    Optional attributes and methods:
        order: where its scores stand in tables, lower first; 50 where it does not say.
        on_request: True keeps a family out of runs that do not ask for it by name (another protocol, a costly variant).
        traces: frozenset of the traces a system must leave for the family to be measured unasked.
        unsuited(clip): None, or one line: why this clip cannot be measured whatever answers it, such as unknown phones. A
            family that suits no clip of a run is not measured unasked, and said to be unavailable for the first reason.
        curves(reference, output): per-frame arrays for reports.
        remarks(total): sentences that a reader of the corpus score should know.
    """

    @property
    def name(self) -> str: ...
    @property
    def tasks(self) -> frozenset[str]: ...
    @property
    def scores(self) -> tuple[ScoreSpec, ...]: ...
    @property
    def measurement(self) -> type[Measurement]: ...
    @property
    def features(self) -> tuple[Feature, ...]: ...
    @property
    def settings(self) -> Mapping[str, str]: ...

    def unavailable(self) -> str | None:
        """Return None, or one line: what is missing and the command that gets it."""
        ...

    def measure(self, reference: Features | None, output: Features) -> Measurement:
        """Measure one answer. ``reference`` is None where no score of the metric needs it or none exists.

        Raises ClipError with the reason where this clip cannot be measured.
        """
        ...


@dataclass(frozen=True, slots=True)
class Score:
    """A corpus score of one run under one condition.

    Attributes:
        name, metric: the score and its family, such as ``lse_c`` of ``lse``.
        condition: the corruption, such as ``audio=babble@0,visual=clean``; empty where nothing was corrupted.
        value: None where nothing could be measured; ``reason`` then says why.
        low, high: bounds of the 95 % interval; None where no interval is defined.
        n, failed: clips measured, and clips that could not be.
        signature: everything that must agree before two values may be compared.
        headline: whether it stands in the main table.
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
