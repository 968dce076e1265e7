"""Systems under test: what they are built from, what they are given, and what they owe.

Found by the entry points ``syncbench.models``, each a subclass of :class:`System`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from syncbench.answer import Answer
from syncbench.clip import Clip, Frames, Waveform
from syncbench.errors import ClipError
from syncbench.feature import Feature, Features
from syncbench.features.frames import FOOTAGE
from syncbench.features.speech import SPEECH
from syncbench.media import Footage
from syncbench.options import Options

__all__ = ["Given", "Setup", "System"]

OptionsT = TypeVar("OptionsT", bound=Options)


@dataclass(frozen=True)
class Setup(Generic[OptionsT]):
    """What a system is built from.

    Attributes:
        options: ``--option key=value`` pairs, read.
        argument: the text after the colon in ``--model name:argument``; empty where there is none.
        seed: the run's seed.
        device: a torch device name.
        split: every usable clip of the dataset's split, whatever ``--limit`` and ``--shard`` leave of it, for systems
            that borrow from other clips (``System.borrows``); empty for the others. Clips hold what the task gives.
    """

    options: OptionsT
    argument: str = ""
    seed: int = 0
    device: str = "cpu"
    split: tuple[Clip, ...] = ()


class Given:
    """What a system gets of one clip: its task says what. Asking for anything else is an error.

    ``given.frames``, ``given.speech`` and ``given[FEATURE]`` are computed once, for this system and for the metrics.

    Attributes:
        parts: what is given, of ``clip.PARTS``.
    """

    def __init__(self, features: Features, parts: frozenset[str], owner: str) -> None:
        self.parts = parts
        self._features = features
        self._owner = owner

    @property
    def id(self) -> str:
        """The clip's id."""
        return self._features.clip.id

    @property
    def clip(self) -> Clip:
        """The clip as files and texts, with nothing in it but what is given."""
        return self._features.on_disk.only(self.parts)

    @property
    def frames(self) -> Frames:
        """The video's frames, uint8 ``[T, H, W, 3]``. Raises ClipError where they would fill over 4 GiB."""
        return np.asarray(self.footage)

    @property
    def footage(self) -> Footage:
        """The same, decoded piece by piece, so that the video may be of any length: see :func:`syncbench.media.spans`."""
        footage: Footage = self[FOOTAGE]
        return footage

    @property
    def speech(self) -> Waveform:
        """The speech, float32 ``[T * 640]``: as long as the clip's T frames, or without video as long as it is."""
        speech: Waveform = self[SPEECH]
        return speech

    @property
    def real(self) -> bool:
        """Whether the video shows the speech being said: False where another's speech is to drive the face."""
        return self._features.clip.real

    def has(self, part: str) -> bool:
        """Return whether a part is given and the clip has it."""
        return part in self.parts and self._features.clip.has(part)

    def __getitem__(self, feature: Feature) -> Any:
        if hidden := feature.shows() - self.parts:
            raise ClipError(
                f"{self._owner} asked for {feature.name}, which shows the clip's {' and '.join(sorted(hidden))}: "
                f"it is given {', '.join(sorted(self.parts - {'face'})) or 'nothing'}"
            )
        return self._features[feature]


class System(Generic[OptionsT]):
    """Something under test. A subclass gives ``task`` and ``answer``; the rest has defaults.

    The first line of a subclass's docstring is what ``syncbench list models`` says of it.

    Attributes:
        takes: the class of its options.
        task: the name of its task.
        name: its name among the models.
        settings: what decides its answers, for the run's record: options, hashes of weights, ...
        traces: names of the traces that its answers leave; None where it does not say.
        inputs: what it wants of what its task gives; None for all of it.
        beside: systems that it is always shown beside -> the options they are to have.
        borrows: it is built from the clips of the whole split (``Setup.split``).
        sees_truth: it is shown all of a clip: for anchors, and for answers made elsewhere that are matched by the
            truth. Never for a model.
    """

    takes: ClassVar[type[Options]] = Options
    task: str
    traces: frozenset[str] | None = None
    inputs: frozenset[str] | None = None
    borrows: bool = False
    sees_truth: bool = False

    def __init__(self, setup: Setup[OptionsT], name: str = "") -> None:
        self.setup = setup
        self.options = setup.options
        self.name = name or type(self).__name__.lower()
        self.settings: dict[str, str] = {key: str(value) for key, value in setup.options.model_dump().items()}
        self.beside: Mapping[str, Mapping[str, str]] = {}

    def answer(self, given: Given) -> Answer:
        """Answer one clip. Raises ClipError where this clip cannot be answered."""
        raise NotImplementedError

    def source(self, clip: Clip) -> Path | None:
        """Return the file that the answer comes from, where it is made elsewhere: a run asks for its hash.

        ``clip`` is as ``Given.clip``. Raises ClipError where there is none.
        """
        return None

    def probe(self, given: Given) -> Mapping[str, NDArray[Any]]:
        """Return arrays that show what is inside the system, drawn on one clip; none where there is nothing to show.

        A run asks once, with its first answered clip as the dataset gives it, and keeps the arrays. Reports draw those of
        an audio-lip memory:

        - ``slots``: the mouth drawn from each slot alone, uint8 ``[S, h, w, 3]``;
        - ``blend``: mouths from one slot to another in equal steps, uint8 ``[steps, h, w, 3]``;
        - ``blend_slots``: pairs of slots that were blended, int ``[N, 2]``, the first being the one of ``blend``;
        - ``blend_opening``: how far the mouth is open along each blend, float ``[N, steps]``.
        """
        return {}
