"""What the headers of a media file say, without decoding it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from syncbench.clip import FPS
from syncbench.media.container import audio_stream, choices, opened, video_stream
from syncbench.media.stills import missing_numbers, read_still, stills

__all__ = ["Headers", "codec", "read_headers"]


_UNEQUAL = 0.2  # seconds: codecs pad a little


@dataclass(frozen=True, slots=True)
class Headers:
    """What the headers of a media file say, without decoding it.

    Attributes:
        width, height: of the video stream as stored; 0 without one.
        fps: its average rate; 0 where unknown.
        seconds: of the whole file; 0 where unknown.
        sample_rate, channels: of the audio stream; 0 without one.
        remarks: what a user may want to know of how it is read, a line each: which of several tracks is taken, and
            where picture and sound are of different lengths.
    """

    width: int
    height: int
    fps: float
    seconds: float
    sample_rate: int
    channels: int
    remarks: tuple[str, ...] = ()


def read_headers(path: Path) -> Headers:
    """Return what the headers of a file, or of a folder of frames, say.

    Raises ClipError where it is unreadable or visibly cut short.
    """
    if path.is_dir():
        return _of_stills(path)
    with opened(path) as container:
        video = video_stream(path, container)
        audio = audio_stream(path, container)
        return Headers(
            width=video.codec_context.width if video else 0,
            height=video.codec_context.height if video else 0,
            fps=float(video.average_rate or 0) if video else 0.0,
            seconds=(container.duration or 0) / av.time_base,
            sample_rate=audio.codec_context.sample_rate if audio else 0,
            channels=audio.codec_context.layout.nb_channels if audio else 0,
            remarks=(*choices(container), *_unequal(video, audio)),
        )


def _unequal(video: av.VideoStream | None, audio: av.AudioStream | None) -> Iterator[str]:
    """Say where picture and sound are not of one length, by their headers."""
    lengths = [
        float(stream.duration * stream.time_base)
        for stream in (video, audio)
        if stream is not None and stream.duration and stream.time_base
    ]
    if len(lengths) == 2 and abs(lengths[0] - lengths[1]) > _UNEQUAL:
        yield f"the picture lasts {lengths[0]:.2f} s, the sound {lengths[1]:.2f} s: LSE is of what has both"


def _of_stills(folder: Path) -> Headers:
    pictures = stills(folder)
    first = read_still(pictures[0])
    missing = missing_numbers(pictures)
    remarks = (f"numbers missing between its first picture and its last: {missing}",) if missing else ()
    return Headers(first.width, first.height, float(FPS), len(pictures) / FPS, 0, 0, remarks)


def codec(path: Path) -> str:
    """Return the codec of a file's video, such as ``h264``; empty without one. Raises ClipError where unreadable."""
    with opened(stills(path)[0] if path.is_dir() else path) as container:
        video = video_stream(path, container)
        return video.codec_context.name if video else ""
