"""What a clip shows and says, read from its files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from syncbench.clip import FPS, SAMPLES_PER_FRAME, Clip, Frames, Recording, Waveform
from syncbench.errors import ClipError
from syncbench.media.container import audio_stream, opened
from syncbench.media.footage import Footage
from syncbench.media.read import count_frames, open_footage, read_pictures, read_sound, read_speech

__all__ = ["clip_footage", "clip_frames", "clip_length", "clip_pictures", "clip_sound", "clip_speech", "has_speech"]


_SILENT = 1e-4  # of full scale: below the last bits of any recording


def has_speech(path: Path) -> bool:
    """Return whether a file holds sound that is not silent throughout: a folder of frames does not.

    Raises ClipError where it cannot be read.
    """
    if path.is_dir():
        return False
    with opened(path) as container:
        if audio_stream(path, container) is None:
            return False
    return bool(np.abs(read_speech(path)).max() > _SILENT)


def _video(clip: Clip) -> Recording:
    if clip.video is None:
        raise ClipError("there is no video here" if clip.real else "there is no real video of this speech")
    return clip.video


def clip_frames(clip: Clip) -> Frames:
    """Return the frames of a clip, uint8 ``[T, H, W, 3]``. Raises ClipError where they cannot be read or fill over 4 GiB."""
    return np.asarray(clip_footage(clip))


def clip_footage(clip: Clip) -> Footage:
    """Return the frames of a clip, decoded as they are asked for. Raises ClipError where they cannot be read."""
    video = _video(clip)
    return open_footage(video.path, video.start, video.end)


def clip_pictures(clip: Clip) -> Iterator[VideoFrame]:
    """Yield the decoded pictures behind ``clip_frames``, one per frame: not yet turned, nor converted to RGB."""
    video = _video(clip)
    return read_pictures(video.path, video.start, video.end)


def clip_length(clip: Clip) -> int:
    """Return how many frames a clip has: of its video; without one, as many as fit whole into its speech."""
    if clip.video is not None:
        return count_frames(clip.video.path, clip.video.start, clip.video.end)
    return len(_read(clip)) // SAMPLES_PER_FRAME


def clip_sound(clip: Clip) -> tuple[NDArray[np.float32], int]:
    """Return the speech of a clip as it is stored, float32 ``[channels, N]``, and how many samples there are in a second."""
    speech = _speech(clip)
    return read_sound(speech.path, speech.start, speech.end)


def clip_speech(clip: Clip, frames: int | None = None) -> Waveform:
    """Return the speech of a clip, float32 ``[frames * 640]``, cut or padded with zeros.

    ``frames`` is the length where the caller knows it, else ``clip_length``. Raises ClipError where there is none.
    """
    frames = clip_length(clip) if frames is None else frames
    speech = _read(clip, frames)
    wanted = frames * SAMPLES_PER_FRAME
    return np.pad(speech[:wanted], (0, max(0, wanted - len(speech))))


def _speech(clip: Clip) -> Recording:
    if clip.speech is None:
        raise ClipError("there is no speech here")
    return clip.speech


def _read(clip: Clip, frames: int | None = None) -> Waveform:
    speech = _speech(clip)
    start, end = speech.start, speech.end
    return read_speech(speech.path, start, end if frames is None else start + frames / FPS)
