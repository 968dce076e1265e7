"""What the headers of a media file say, without decoding it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av

from syncbench.media.container import audio_stream, opened, video_stream

__all__ = ["Headers", "codec", "read_headers"]


@dataclass(frozen=True, slots=True)
class Headers:
    """What the headers of a media file say, without decoding it.

    Attributes:
        width, height: of the first video stream as stored; 0 without one.
        fps: its average rate; 0 where unknown.
        seconds: of the whole file; 0 where unknown.
        sample_rate, channels: of the first audio stream; 0 without one.
    """

    width: int
    height: int
    fps: float
    seconds: float
    sample_rate: int
    channels: int


def read_headers(path: Path) -> Headers:
    """Return what the headers of ``path`` say. Raises ClipError where it is unreadable or visibly cut short."""
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
        )


def codec(path: Path) -> str:
    """Return the codec of a file's video, such as ``h264``; empty without one. Raises ClipError where unreadable."""
    with opened(path) as container:
        video = video_stream(path, container)
        return video.codec_context.name if video else ""
