"""Opening media files: their streams, and whether they are whole."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import av
import av.error
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from syncbench.errors import ClipError

__all__ = ["PICTURE_SUFFIXES", "audio_stream", "choices", "cut_short", "opened", "packets", "sounds", "video_stream"]

_PATTERNS = frozenset("%*?[{")  # which FFmpeg reads in a picture's name as standing for the numbers of many
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")

_JOINED = ("mpegts", "mpeg")  # what may be put one behind the other
_BACK, _JUMP = 0.1, 10.0  # seconds that time jumps back, or in any direction, where they were joined

_AV = TypeVar("_AV", av.VideoStream, av.AudioStream)


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open ``path``; whatever FFmpeg says against it, then or while decoding, becomes a ClipError."""
    try:
        if path.stat().st_size == 0:
            raise ClipError(f"{path}: the file is empty (0 bytes); fetch or make it again")
        with av.open(_source(path), "r", metadata_errors="ignore") as container:
            yield container
    except FileNotFoundError as e:
        raise ClipError(f"{path}: no such file") from e
    except av.error.FFmpegError as e:
        reason = (e.strerror or type(e).__name__).lower()
        raise ClipError(f"{path}: not a readable media file ({reason}); fetch or encode it again") from e
    except OSError as e:
        raise ClipError(f"{path}: cannot be read ({e.strerror})") from e


def _source(path: Path) -> str | BinaryIO:
    """Return what opens ``path`` and no other: a name may hold a colon, as addresses do, or a pattern."""
    if path.suffix.lower() in PICTURE_SUFFIXES and _PATTERNS & set(str(path)):
        return io.BytesIO(path.read_bytes())
    return f"file:{path}"


def video_stream(path: Path, container: InputContainer) -> av.VideoStream | None:
    """Return the video stream that FFmpeg would take, ready to decode; None where there is none but cover art.

    It takes the largest picture; a track marked as default counts as five million pixels more.
    """
    found = _chosen(_videos(container))
    if found is not None:
        _prepare(path, container, found)
    return found


def audio_stream(path: Path, container: InputContainer) -> av.AudioStream | None:
    """Return the audio stream that FFmpeg would take, ready to decode; None where there is none.

    It takes the most channels, of the tracks marked as default where there are any.
    """
    found = _chosen(container.streams.audio)
    if found is not None:
        _prepare(path, container, found)
    return found


def choices(container: InputContainer) -> Iterator[str]:
    """Yield which track is taken where there is more than one of a kind, a line each."""
    yield from _choice(_videos(container))
    yield from _choice(container.streams.audio)


def _choice(streams: Sequence[_AV]) -> Iterator[str]:
    found = _chosen(streams)
    if found is not None and len(streams) > 1:
        which = f"the {found.type} track {streams.index(found) + 1} of {len(streams)}"
        default = ", marked as default" if found.disposition & Disposition.default else ""
        yield f"{which} is taken ({_size(found)[1]}{default})"


def _videos(container: InputContainer) -> Sequence[av.VideoStream]:
    return [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]


def _chosen(streams: Sequence[_AV]) -> _AV | None:
    """Return the stream that FFmpeg would take: the first of those that score highest."""

    def score(stream: _AV) -> int:
        return _size(stream)[0] + 5_000_000 * bool(stream.disposition & Disposition.default)

    return max(streams, key=score, default=None)


def _size(stream: av.VideoStream | av.AudioStream) -> tuple[int, str]:
    """Return a stream's pixels or channels, and the same in words."""
    context: object = stream.codec_context  # None where FFmpeg knows no decoder
    if context is None:
        return 0, "unknown format"
    if isinstance(stream, av.VideoStream):
        width, height = stream.codec_context.width, stream.codec_context.height
        return width * height, f"{width}x{height}"
    channels = stream.codec_context.layout.nb_channels
    return channels, f"{channels} channel{'s' * (channels > 1)}"


def sounds(container: InputContainer, stream: av.AudioStream) -> Iterator[AudioFrame]:
    """Yield the decoded sound of a stream, at the times of :func:`packets`."""
    if container.format.name not in _JOINED:
        yield from container.decode(stream)
        return
    for packet in packets(container):
        if packet.stream.index == stream.index:
            yield from stream.decode(packet)


def packets(container: InputContainer) -> Iterator[Packet[Stream]]:
    """Yield the packets of all streams, at times that go on where recordings were joined.

    Broadcast streams may be put one behind the other, and time starts anew in each. As FFmpeg's own program has it,
    that is where it jumps back, or by over 10 s: all that follows, of any stream, is moved by as much.
    """
    if container.format.name not in _JOINED:
        yield from container.demux()
        return
    ticks = {s.index: float(s.time_base or 0) for s in container.streams if s.type in ("video", "audio")}
    moved = 0.0  # seconds
    due: dict[int, tuple[float, float]] = {}  # by stream: when its last packet began and ended
    for packet in container.demux():
        tick = ticks.get(packet.stream.index)
        if packet.dts is not None and tick:
            begin = packet.dts * tick + moved
            last, end = due.get(packet.stream.index, (begin, begin))
            if begin < last - _BACK or abs(begin - end) > _JUMP:
                moved += end - begin
                begin = end
            due[packet.stream.index] = (begin, begin + (packet.duration or 0) * tick)
            if moved:
                later = round(moved / tick)
                packet.dts += later
                packet.pts = None if packet.pts is None else packet.pts + later
        yield packet


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
