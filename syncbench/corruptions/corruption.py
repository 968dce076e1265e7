"""The row that describes a corruption, and what it is applied to.

Found by the entry points ``syncbench.corruptions``: a corruption of a stranger's is spelt and signed as the bundled ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames, Waveform

__all__ = ["Corruption", "Part", "Scene", "Voices"]

Stream = Literal["audio", "visual"]


class Voices(Protocol):
    """Speech of other clips, by number: a list of arrays, or anything that reads them when asked."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Waveform: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One corruption as it was asked for: a row's name, its value, and what else the spelling says.

    Attributes:
        kind: name of the row, such as ``babble`` or ``blur``.
        value: after the ``@``; 0 where the row takes none.
        talkers: voices of babble.
        folder: of recordings or cut-outs, where the row takes one.
        spans: whether it comes and goes.
    """

    kind: str
    value: float = 0.0
    talkers: int = 30
    folder: Path | None = None
    spans: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A clip's arrays on their way through the parts of a condition.

    Attributes:
        frames: uint8 ``[T, H, W, 3]``.
        speech: float32 ``[640 * T]``.
        landmarks: ``[T, 68, 2]`` of the clean frames, pixels, NaN where no face was found; None where none is needed.
        voices: speech of other clips.
        achieved: measured values, such as ``snr_db``, ``occluded_frames`` (share), ``noise_variance``.
        levels: by stream and kind, such as ``video.blur``: how badly each frame is corrupted, float64 ``[T]`` (blur: sigma;
            Gaussian: variance; occlusion: covered share of the mouth's box; noise in speech: SNR in dB; others: the
            asked value), NaN where the frame was left alone.
    """

    frames: Frames
    speech: Waveform
    landmarks: NDArray[np.floating] | None = None
    voices: Voices = ()
    achieved: Mapping[str, float | str] = field(default_factory=dict[str, float | str])
    levels: Mapping[str, NDArray[np.float64]] = field(default_factory=dict[str, NDArray[np.float64]])

    def heard(self, speech: Waveform, **done: float | str) -> Scene:
        """Return the scene with other speech; ``done`` are achieved values."""
        return replace(self, speech=speech, achieved={**self.achieved, **done})

    def seen(self, frames: Frames, **done: float | str) -> Scene:
        """Return the scene with other frames; ``done`` are achieved values."""
        return replace(self, frames=frames, achieved={**self.achieved, **done})

    def at(self, name: str, level: NDArray[np.float64]) -> Scene:
        """Return the scene with the level of each frame under ``name``."""
        return replace(self, levels={**self.levels, name: level})

    def span(self, stream: str) -> NDArray[np.bool_]:
        """Return which frames of ``video`` or ``audio`` were corrupted in any way, ``[T]``."""
        touched = np.zeros(len(self.frames), dtype=bool)
        for name, level in self.levels.items():
            if name.startswith(f"{stream}."):
                touched |= np.isfinite(level)
        return touched


@dataclass(frozen=True)
class Corruption:
    """A row: one way to corrupt a stream.

    Attributes:
        name: as conditions spell it.
        stream: which stream it corrupts.
        summary: what it does, and what the value is.
        apply: takes the scene, the part as it was asked for and a generator of its own; gives the scene after it.
        range: lowest and highest value; None where it takes none.
        whole: the value is a whole number.
        intermittent: suffix that makes it come and go, such as ``-gaps``; empty where it cannot.
        takes: ``folder``: written ``name:DIR``; ``talkers``: a number may follow the name; empty for neither.
        alias: a short name.
        needs: ``landmarks`` or ``voices``, where ``apply`` reads them.
        version: raised whenever the same value and seed give other bytes; beyond 1 it stands in signatures.
    """

    name: str
    stream: Stream
    summary: str
    apply: Callable[[Scene, Part, np.random.Generator], Scene]
    range: tuple[float, float] | None = None
    whole: bool = False
    intermittent: str = ""
    takes: Literal["", "folder", "talkers"] = ""
    alias: str = ""
    needs: frozenset[str] = frozenset()
    version: int = 1
