"""Corruptions of clips: the door of this room.

``grid`` and ``parse`` name conditions, ``corrupt`` applies one to a clip of a run, ``apply`` to plain arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import Clip, Frames, Speech
from syncbench.corruptions.arrays import Corrupted, apply, clip_seed
from syncbench.corruptions.spelling import CLEAN, Condition, grid, parse
from syncbench.errors import ClipError
from syncbench.features.landmarks import read_landmarks

__all__ = ["CLEAN", "Condition", "Corrupted", "apply", "clip_seed", "corrupt", "grid", "landmarks_of", "parse"]


def corrupt(clip: Clip, condition: Condition, clips: Sequence[Clip], seed: int) -> Corrupted:
    """Return a clip's arrays under a condition.

    Args:
        clip: whose video and speech to corrupt.
        clips: all clips of the run: babble is made of other talkers' speech, or of the same talker's other clips where
            there is one talker only.
        seed: the run's.

    Occluders follow the clip's own landmarks (``extras["landmarks"]``) where it has them, and otherwise those that the
    bundled landmark network finds on the clean frames.
    """
    frames = clip.frames()
    speech = clip.speech(len(frames))
    landmarks = landmarks_of(clip, frames) if condition.needs_landmarks else None
    return apply(condition, frames, speech, landmarks, _Voices(clip, clips), clip_seed(seed, clip.id))


class _Voices:
    """The speech of the run's other clips, read when asked for; an unreadable one is silent, and passed over."""

    def __init__(self, clip: Clip, clips: Sequence[Clip]) -> None:
        others = [c for c in clips if c.id != clip.id]
        # Where speakers are not known, a group (a source video) stands for one.
        strangers = [c for c in others if (c.speaker or c.group) != (clip.speaker or clip.group)]
        self.clips = sorted(strangers or others, key=lambda c: c.id)

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int, /) -> Speech:
        clip = self.clips[index]
        return _speech(clip.video, clip.audio, clip.start, clip.end, clip.audio_start)


@lru_cache(maxsize=256)
def _speech(
    video: Path | None, audio: Path | None, start: float, end: float | None, audio_start: float | None
) -> Speech:
    try:
        return Clip("", video, audio, start=start, end=end, audio_start=audio_start).speech()
    except ClipError:
        return np.zeros(1, dtype=np.float32)


def landmarks_of(clip: Clip, frames: Frames) -> NDArray[np.float32]:
    """Return a clip's landmarks ``[T, 68, 2]``: its own where it has a file, otherwise the bundled network's."""
    file = clip.extras.get("landmarks")
    if file is not None:
        return read_landmarks(file, clip.id)
    from syncbench.baselines.landmarks import find_landmarks

    return find_landmarks(frames)
