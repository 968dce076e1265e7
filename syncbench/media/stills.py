"""Folders of frames: numbered pictures, 25 of them a second."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from av.video.frame import VideoFrame

from syncbench.clip import FPS
from syncbench.errors import ClipError
from syncbench.media.container import PICTURE_SUFFIXES, opened, video_stream

__all__ = ["is_numbered", "missing_numbers", "presented", "read_still", "stills"]

_NUMBERED = re.compile(r"(.*?)(\d+)")


def is_numbered(names: Collection[str]) -> bool:
    """Return whether files of these names are the frames of a video: pictures, every one ending in a number.

    >>> is_numbered(["frame_1.png", "frame_2.png"]), is_numbered(["cover.png", "frame_2.png"]), is_numbered([])
    (True, False, False)
    """
    pictures = [Path(name) for name in names if Path(name).suffix.lower() in PICTURE_SUFFIXES]
    return bool(pictures) and all(_NUMBERED.fullmatch(picture.stem) for picture in pictures)


def stills(folder: Path) -> list[Path]:
    """Return the pictures of a folder in the order of their numbers: 2 before 10. Raises ClipError where there is none."""
    try:
        found = [p for p in folder.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES and p.name[0] != "."]
    except OSError as e:
        raise ClipError(f"{folder}: cannot be read ({e.strerror})") from e
    if not found:
        raise ClipError(
            f"{folder}: a folder without numbered {' '.join(PICTURE_SUFFIXES)} is no video; give a video file"
        )
    return sorted(found, key=_natural)


def missing_numbers(pictures: list[Path]) -> int:
    """Return how many numbers are left out between the first picture and the last."""
    numbers = [int(match[2]) for p in pictures if (match := _NUMBERED.fullmatch(p.stem))]
    return max(0, numbers[-1] - numbers[0] + 1 - len(numbers)) if numbers else 0


def presented(folder: Path) -> Iterator[tuple[VideoFrame, float, float]]:
    """Yield every picture with when it is shown and for how long, in seconds."""
    for number, path in enumerate(stills(folder)):
        yield read_still(path), number / FPS, 1 / FPS


def read_still(path: Path) -> VideoFrame:
    """Return the one picture of a file."""
    with opened(path) as container:
        stream = video_stream(path, container)
        for frame in container.decode(stream) if stream else ():
            return frame
    raise ClipError(f"{path}: holds no picture that can be decoded; fetch or make it again")


def _natural(path: Path) -> tuple[list[tuple[str, int]], str]:
    parts = re.findall(r"(\D*)(\d*)", path.stem)
    return [(text, int(number or -1)) for text, number in parts], path.name
