"""Faces whose landmarks are made up, in files that are real."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Clip, Frames, Recording, Waveform, Word
from syncbench.feature import Features
from syncbench.media import write_lossless

EYES = 60.0
"""Pixels between the eyes of a talking face."""


def face_clip(
    folder: Path,
    name: str,
    points: NDArray[np.generic],
    frames: Frames | None = None,
    speech: Waveform | None = None,
    words: tuple[Word, ...] = (),
) -> Clip:
    """Write a video, black where no frames are given, and its landmarks ``[T, 68, 2]``; return the clip of both."""
    video, landmarks = folder / f"{name}.mkv", folder / f"{name}.npz"
    write_lossless(video, np.zeros((len(points), 160, 160, 3), np.uint8) if frames is None else frames, speech)
    np.savez(landmarks, allow_pickle=False, **{name: points})
    heard = None if speech is None else Recording(video)
    return Clip(f"s1/{name}", Recording(video), heard, words=words, extras={"landmarks": landmarks})


def filmed(path: Path, frames: Frames) -> Clip:
    """Write frames as they are; return the clip, a face crop."""
    write_lossless(path, frames, None)
    return Clip(f"s1/{path.stem}", Recording(path))


def unseen(clip: Clip) -> Features:
    """Return what an answer is held against where no real video of the speech is known."""
    return Features(replace(clip, video=None, extras={}, real=False))


def talking(opening: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the landmarks of a face whose lips are ``opening`` interocular distances apart, float32 ``[T, 68, 2]``."""
    points = np.full((len(opening), 68, 2), 80, np.float32)
    points[:, 36], points[:, 45] = (50, 60), (50 + EYES, 60)
    points[:, [65, 66, 67], 1] += (opening[:, None] * EYES).astype(np.float32)
    return points
