"""Moving the sound of a video against its picture, without encoding either anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import av.error
from av.container import InputContainer
from av.packet import Packet

from syncbench.errors import ClipError, CommandError
from syncbench.files import replacing
from syncbench.media.container import audio_stream, opened, video_stream

__all__ = ["shift_speech"]


def shift_speech(path: Path, out: Path, seconds: float) -> Path:
    """Write a copy of a video whose sound comes so many seconds later (earlier where negative), and return its path.

    Picture and sound are copied as they are; only their times change. What would lie before the picture begins is left out.
    The kind of file is told by the suffix of ``out``; AVI keeps no times, so it cannot be one.

    Raises:
        ClipError: the file cannot be read, lacks picture or sound, or gives its packets no times.
        CommandError: ``out`` cannot be written, or cannot hold these streams.
    """
    kind = _format(out)
    if out.exists() and out.samefile(path):
        raise CommandError(f"--out {out} is the video itself: choose another name")
    with opened(path) as source:
        picture, sound = video_stream(path, source), audio_stream(path, source)
        if picture is None or sound is None:
            raise ClipError(f"{path}: has no {'picture' if picture is None else 'sound'}: nothing can be moved")
        by = round(seconds / sound.time_base) if sound.time_base else 0
        packets = _moved(path, source, picture, sound, by)
        try:
            with replacing(out) as temporary, av.open(str(temporary), "w", format=kind) as target:
                copies = {stream.index: target.add_stream_from_template(stream) for stream in (picture, sound)}
                for index, packet in packets:
                    packet.stream = copies[index]
                    target.mux(packet)
        except (OSError, av.error.FFmpegError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            raise CommandError(f"--out {out} cannot be written ({reason}): choose another folder, or .mkv") from error
    return out


def _moved(
    path: Path, source: InputContainer, picture: av.VideoStream, sound: av.AudioStream, by: int
) -> Iterator[tuple[int, Packet[Any]]]:
    """Yield the packets of picture and sound with the index of their stream, those of the sound ``by`` ticks later."""
    for packet in source.demux(picture, sound):
        if packet.size == 0:
            continue
        if packet.dts is None or packet.pts is None:
            raise ClipError(f"{path}: its packets have no times; convert it to .mp4 or .mkv first")
        if packet.stream.index == sound.index:
            packet.pts, packet.dts = packet.pts + by, packet.dts + by
            if packet.pts + (packet.duration or 0) <= (sound.start_time or 0):
                continue
        yield packet.stream.index, packet


def _format(path: Path) -> str:
    """Return FFmpeg's name of the container that a suffix stands for. Raises CommandError where it stands for none."""
    known = {
        ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm", ".ts": "mpegts",
    }  # fmt: skip
    name = known.get(path.suffix.lower())
    if name is None:
        raise CommandError(f"--out {path}: end its name in one of {' '.join(known)}")
    return name
