"""What ``syncbench data validate`` looks at in every dataset: whether media open, and whether texts make sense."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from syncbench import media
from syncbench.clip import FPS
from syncbench.dataset import Problem
from syncbench.errors import ClipError

__all__ = ["check_media", "check_sound", "check_text", "check_twice", "existing", "from_error"]


def check_media(path: Path, *, sound: bool = True, fps: float | None = FPS) -> Iterator[Problem]:
    """Yield what the headers of a video file have against it: they are opened, nothing is decoded.

    ``sound`` asks for an audio stream. ``fps`` is the rate the dataset is distributed at; None where it varies.
    """
    try:
        found = media.read_headers(path)
    except ClipError as e:
        yield from_error(e)
        return
    if not found.width:
        yield Problem(str(path), "no video stream", "fetch it again")
    elif fps and abs(found.fps - fps) > 0.01:
        advice = "it is resampled to 25 fps by presentation time; the dataset's own files are not at this rate"
        yield Problem(str(path), f"{found.fps:.3f} frames per second, not {fps:g}", advice)
    if sound and not found.sample_rate:
        yield Problem(str(path), "no audio stream", "fetch it again, or put a .wav of the same name beside it")
    for remark in found.remarks:
        yield Problem(str(path), remark, remark=True)


def check_sound(path: Path) -> Iterator[Problem]:
    """Yield what the header of a file of speech has against it."""
    try:
        found = media.read_headers(path)
    except ClipError as e:
        yield from_error(e)
        return
    if not found.sample_rate:
        yield Problem(str(path), "no audio stream", "fetch it again")
    for remark in found.remarks:
        yield Problem(str(path), remark, remark=True)


def check_twice(path: Path, names: Iterable[str]) -> Iterator[Problem]:
    """Yield the names that a list holds more than once."""
    for name, count in Counter(names).items():
        if count > 1:
            yield Problem(str(path), f"lists '{name}' {count} times", "keep one line")


def from_error(error: Exception) -> Problem:
    """Return the problem that an error of one line ``file: what; what to do`` speaks of."""
    text = str(error)
    path, _, rest = text.partition(": ")
    what, _, advice = rest.partition("; ")
    return Problem(path, what, advice)


def existing(path: Path) -> Path | None:
    """Return ``path``, or the file beside it whose name differs in case only; None where there is neither."""
    if path.exists():
        return path
    try:
        return next((p for p in path.parent.iterdir() if p.name.lower() == path.name.lower()), None)
    except OSError:
        return None


def check_text(path: Path, text: str, alphabet: str = "", script: str = "") -> Iterator[Problem]:
    """Yield what a transcript has against it: nothing in it, or characters outside ``alphabet`` (a regex class)."""
    if not text:
        yield Problem(str(path), "the transcript is empty", "its clip counts as one without words")
    elif alphabet and (strange := sorted(set(re.sub(f"[{alphabet}]", "", text)))):
        yield Problem(str(path), f"the transcript holds {' '.join(strange)!r}", f"expected {script} only")
