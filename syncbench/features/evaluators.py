"""What learned evaluators owe the metrics that ask them: embeddings of lips and speech, words read from lips.

Found by the entry points ``syncbench.evaluators`` (a function: protocol -> ``SyncEvaluator``), ``syncbench.protocols``
(a ``Protocol``) and ``syncbench.readers`` (a function that gives a ``LipReader``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.errors import ClipError
from syncbench.feature import Feature, available
from syncbench.features.speech import VOICED

__all__ = [
    "LIPS_SEEN",
    "WINDOW",
    "LipReader",
    "Protocol",
    "SyncEvaluator",
    "check_lips",
    "seen_windows",
    "text_of",
    "value_of",
    "windows_of",
]

WINDOW = 5
"""Frames that an embedding of a sync evaluator sees."""
LIPS_SEEN = 0.9
"""Least share of a clip's frames in which lips are seen for it to be read: elsewhere words are missing. ASSUMED."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a clip's frames are prepared for an evaluator. Different preparation gives different scores.

    Attributes:
        name: as signatures say it.
        version: raised whenever the preparation changes.
        summary: what is done to the frames, and who scores so.
        frames: feature: a clip's frames as the evaluator wants them (SyncNet v2: uint8 ``[T, 224, 224, 3]``, **BGR**); None
            where SyncBench does not have the protocol yet.
        speech: feature: the speech beside these frames, float32 ``[N]`` in -1..1, 16 kHz.
        unavailable: returns None, or one line: what is missing and the command that gets it.
        seen: feature: which of them show the face, bool ``[T]``; None where the protocol does not ask.
    """

    name: str
    version: int
    summary: str
    frames: Feature | None = None
    speech: Feature = VOICED
    unavailable: Callable[[], str | None] = available
    seen: Feature | None = None

    @property
    def signature(self) -> str:
        """Name and version, such as ``native.1``."""
        return f"{self.name}.{self.version}"


@dataclass(frozen=True)
class SyncEvaluator:
    """A pair of networks that embed lips and speech in one space.

    Attributes:
        label: its name with the hash of its weights, such as ``syncnet_v2@961e8696``.
        protocol: how it prepares frames and speech, with its version, such as ``native.1``.
        embeddings: feature whose value is ``{"video": [n, D], "audio": [n, D]}``, float32, a window of five frames every
            frame; with ``"seen": [n]``, bool, only the windows count in which the face is seen throughout.
        unavailable: returns None, or one line: what is missing and the command that gets it.
        limits: what a clip must show and say to be measured, as signatures say it: ``eyes:16px,voice:-60dB+3dB``.
    """

    label: str
    protocol: str
    embeddings: Feature
    unavailable: Callable[[], str | None] = available
    limits: str = ""


@dataclass(frozen=True)
class LipReader:
    """A network that reads words from a face's video.

    Attributes:
        label: its name with the hash of its weights.
        decoding: how words come of its output, as signatures say it.
        vocabulary: what it can read, as signatures say it.
        words: the words it knows, normalised; None where it can read any.
        sentence: the words of each place of the sentences it reads; empty where it reads any order.
        hypothesis: feature: the words read, as the bytes of UTF-8 text, uint8 ``[n]`` (caches keep arrays).
        unavailable: returns None, or one line: what is missing and the command that gets it.
        limits: what a clip must show to be read, as signatures say it.
        protocol: how mouths are cut out for it, as signatures say it; empty where that goes with its name.
    """

    label: str
    decoding: str
    vocabulary: str
    words: frozenset[str] | None
    hypothesis: Feature
    unavailable: Callable[[], str | None] = available
    limits: str = ""
    protocol: str = ""
    sentence: tuple[frozenset[str], ...] = ()


def windows_of(seen: NDArray[np.bool_], windows: int) -> NDArray[np.bool_]:
    """Return which of the first ``windows`` windows of five frames lie among frames that are seen, bool ``[windows]``."""
    if not windows:
        return np.zeros(0, bool)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(seen, WINDOW).all(axis=1))[:windows]


def seen_windows(embedded: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return which windows of a sync evaluator's embeddings count, bool ``[n]``: all, where it does not say."""
    return np.asarray(embedded.get("seen", np.ones(len(embedded["video"]), bool)))


def check_lips(seen: NDArray[np.bool_]) -> None:
    """Raise ClipError where under ``LIPS_SEEN`` of a clip's frames ``[T]`` show a face whose lips can be read."""
    if seen.mean() < LIPS_SEEN:
        raise ClipError(f"only {seen.sum()} of {len(seen)} frames show a face whose lips can be read")


def value_of(text: str) -> NDArray[np.uint8]:
    """Return a text as a lip reader's hypothesis."""
    return np.frombuffer(text.encode(), np.uint8).copy()


def text_of(value: NDArray[np.uint8]) -> str:
    """Return the text of a lip reader's hypothesis."""
    return value.tobytes().decode()
