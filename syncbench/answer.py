"""What a system answers: video, speech, both, words, or spans of time. One class for each, so that none is mistaken.

What a system did not give is absent: it is never filled in from the clip.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames, Recording, Waveform, Word
from syncbench.errors import ClipError

__all__ = ["Answer", "AudioVisual", "Spans", "Speech", "Text", "Video", "check_answer"]


@dataclass(frozen=True)
class Answer:
    """An answer without content is none: a system gives one of the classes below.

    Attributes:
        traces: arrays worth keeping, such as memory addresses ``[T, slots]`` or reliability scores ``[T]``.
    """

    traces: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]], kw_only=True)


@dataclass(frozen=True)
class Video(Answer):
    """Frames uint8 ``[T, H, W, 3]``, or a video file, or a stretch of one. Sound in the file is not looked at.

    For long videos frames may come in pieces: an iterator of arrays, such as a generator.
    """

    video: Frames | Iterator[Frames] | Path | Recording


@dataclass(frozen=True)
class Speech(Answer):
    """Speech float32 ``[N]`` at 16 kHz in -1..1, or a file with it."""

    speech: Waveform | Path | Recording


@dataclass(frozen=True)
class AudioVisual(Answer):
    """Video and speech together; ``said`` are the words of the speech, where they are known to be others."""

    video: Frames | Iterator[Frames] | Path | Recording
    speech: Waveform | Path | Recording
    said: str | None = None


@dataclass(frozen=True)
class Text(Answer):
    """The words that a recogniser heard, read or translated; an empty text says that there were none."""

    text: str


@dataclass(frozen=True)
class Spans(Answer):
    """Words, or other labels, with their times."""

    spans: tuple[Word, ...]


def check_answer(answer: object, kinds: tuple[type[Answer], ...], task: str) -> Answer:
    """Return ``answer`` where it is of one of ``kinds`` and holds what that kind promises. Raises ClipError."""
    wanted = " or ".join(kind.__name__ for kind in kinds)
    if not isinstance(answer, Answer):
        raise ClipError(f"the answer is {_a(answer)}: a system of task '{task}' answers with {wanted}")
    if type(answer) is Answer:
        raise ClipError(f"the answer is empty: a system of task '{task}' answers with {wanted}")
    if not isinstance(answer, kinds):
        raise ClipError(f"the answer is {_a(answer)}: task '{task}' wants {wanted}")
    if isinstance(answer, Video | AudioVisual):
        _check_video(answer.video)
    if isinstance(answer, Speech | AudioVisual):
        _check_speech(answer.speech)
    if isinstance(answer, Text) and not isinstance(answer.text, str):
        raise ClipError(f"the answer's text is {_a(answer.text)}: give a str, an empty one where there are no words")
    if isinstance(answer, Spans) and not all(isinstance(span, Word) for span in answer.spans):
        raise ClipError("the answer's spans must be Words: text, start and end in seconds")
    for name, trace in answer.traces.items():
        if not isinstance(trace, np.ndarray | np.generic | float | int) or np.asarray(trace).dtype == object:
            raise ClipError(f"the answer's trace '{name}' is {_a(trace)}: give a NumPy array of numbers or strings")
    return answer


def _check_video(video: object) -> None:
    if isinstance(video, np.ndarray):
        if video.dtype != np.uint8 or video.ndim != 4 or video.shape[3] != 3 or not video.size:
            raise ClipError(f"the answer's frames must be uint8 [T, H, W, 3] with T > 0, not {_a(video)}")
    elif not isinstance(video, Iterator):  # each piece is checked as it is written
        _check_file(video, "video")


def _check_speech(speech: object) -> None:
    if isinstance(speech, np.ndarray):
        if speech.dtype.kind != "f" or speech.ndim != 1 or not speech.size:
            raise ClipError(f"the answer's speech must be float32 [N] at 16 kHz with N > 0, not {_a(speech)}")
        if not np.isfinite(speech).all():
            raise ClipError("the answer's speech holds values that are no numbers")
    else:
        _check_file(speech, "speech")


def _check_file(source: object, what: str) -> None:
    path = source.path if isinstance(source, Recording) else source
    if not isinstance(path, Path):
        raise ClipError(f"the answer's {what} is {_a(source)}: give an array, or the Path of a file")
    if not path.is_file() and not (what == "video" and path.is_dir()):  # which may hold frames
        raise ClipError(f"the answer's {what} {path} is no file: write it before answering")


def _a(thing: object) -> str:
    """Say what a thing is: ``None``, ``int``, ``float64 [3, 4]``."""
    if thing is None:
        return "None"
    if isinstance(thing, np.ndarray):
        return f"{thing.dtype} {list(thing.shape)}"
    return type(thing).__name__
