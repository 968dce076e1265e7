"""Opening media files: their streams, and whether they are whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition, Stream

from syncbench.errors import ClipError

__all__ = ["audio_stream", "cut_short", "opened", "video_stream"]


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open ``path``; whatever FFmpeg says against it, then or while decoding, becomes a ClipError."""
    try:
        if path.stat().st_size == 0:
            raise ClipError(f"{path}: the file is empty (0 bytes); fetch or make it again")
        with av.open(str(path), metadata_errors="ignore") as container:
            yield container
    except FileNotFoundError as e:
        raise ClipError(f"{path}: no such file") from e
    except av.error.FFmpegError as e:
        reason = (e.strerror or type(e).__name__).lower()
        raise ClipError(f"{path}: not a readable media file ({reason}); fetch or encode it again") from e
    except OSError as e:
        raise ClipError(f"{path}: cannot be read ({e.strerror})") from e


def video_stream(path: Path, container: InputContainer) -> av.VideoStream | None:
    """Return the first video stream that is not cover art, ready to decode; None where there is none."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            _prepare(path, container, stream)
            return stream
    return None


def audio_stream(path: Path, container: InputContainer) -> av.AudioStream | None:
    """Return the first audio stream, ready to decode; None where there is none."""
    for stream in container.streams.audio:
        _prepare(path, container, stream)
        return stream
    return None


def _prepare(path: Path, container: InputContainer, stream: av.VideoStream | av.AudioStream) -> None:
    """Complain where a stream cannot be decoded whole, by its headers; one thread decodes it."""
    context: object = stream.codec_context  # None where FFmpeg knows no decoder
    if context is None:
        raise ClipError(f"{path}: its {stream.type} is damaged or of an unknown format; fetch or encode it again")
    stream.codec_context.thread_count = 1
    _check_whole(path, container, stream)


def _check_whole(path: Path, container: InputContainer, stream: Stream) -> None:
    """Complain where the file's index (mp4, mov, avi) points past its end."""
    size = container.size
    if not container.format.name.startswith(("mov", "avi")) or size <= 0:
        return
    entries = list(stream.index_entries)
    there = sum(entry.pos + entry.size <= size for entry in entries)
    if there < len(entries):
        of = "frames" if stream.type == "video" else "packets of sound"
        raise cut_short(path, f"{there} of {len(entries)} {of} are there")


def cut_short(path: Path, what: str) -> ClipError:
    return ClipError(f"{path}: the file is cut short: {what}; fetch or make it again")
