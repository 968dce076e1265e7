"""LRW: single words from BBC television (Chung & Zisserman, ACCV 2016).

Layout, as distributed::

    lipread_mp4/<WORD>/{train,val,test}/<WORD>_<number>.{mp4,txt}

The word is spoken in the middle of the clip's 29 frames. The text file says how long it is: ``Duration: 0.49 seconds``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from syncbench.clip import FPS, Clip, Recording, Word
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, from_error
from syncbench.datasets.transcripts import optional, read_lines
from syncbench.errors import ClipError, CommandError

__all__ = ["LRW", "Lrw", "read_duration"]

_FOLDER = "lipread_mp4"
_SECONDS = 29 / FPS


class Lrw(Dataset):
    """Reads LRW. Ids are ``<WORD>/<split>/<WORD>_<number>``; every clip stands alone; speakers are not known."""

    name = "lrw"
    title = "LRW: Lip Reading in the Wild, 500 words"
    licence = "BBC agreement: academic research only"
    url = "https://www.robots.ox.ac.uk/~vgg/data/lip_reading/lrw1.html"
    splits = ("test", "val", "train")

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the clips of a split by word and number. Raises CommandError where no word folder is there."""
        return [_clip(video) for video in islice(_videos(_words(root), split), limit)]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: word folders, splits, media, durations."""
        try:
            folders = _words(root)
        except CommandError as e:
            yield Problem(str(root), str(e).partition(": ")[2])
            return
        if len(folders) != 500:
            yield Problem(str(folders[0].parent), f"{len(folders)} words, not 500", "fetch the rest of the parts")
        for folder in folders:
            for split in self.splits:
                if not (folder / split).is_dir():
                    yield Problem(str(folder / split), "no such folder", "fine where the split is not wanted")
                for video in _videos([folder], split):
                    yield from check_media(video)
                    if not video.stem.upper().startswith(f"{folder.name.upper()}_"):
                        yield Problem(
                            str(video), f"its name does not begin with '{folder.name}_'", "it is another word's"
                        )
                    try:
                        read_duration(video.with_suffix(".txt"))
                    except ClipError as e:
                        yield from_error(e)


LRW = Lrw()


def read_duration(path: Path) -> float:
    """Return how long the word is said, in seconds, from an LRW text file: its ``Duration:`` line, by key.

    Raises ClipError where there is none, or it is not a positive number.
    """
    for line in read_lines(path):
        if found := re.match(r"\s*duration\s*:\s*(\S+)", line, re.IGNORECASE):
            try:
                seconds = float(found[1])
            except ValueError:
                seconds = 0.0
            if not 0 < seconds < float("inf"):
                raise ClipError(f"{path}: '{line.strip()}' is no duration; write 'Duration: 0.49 seconds'")
            return seconds
    raise ClipError(f"{path}: has no 'Duration:' line; write 'Duration: 0.49 seconds'")


def _words(root: Path | None) -> list[Path]:
    """Return the word folders, sorted."""
    root = Path(root or ".")
    base = root / _FOLDER if (root / _FOLDER).is_dir() else root
    words = sorted(p for p in base.iterdir() if p.is_dir() and any((p / s).is_dir() for s in LRW.splits))
    if not words:
        raise CommandError(
            f"{root}: no {_FOLDER}/<WORD>/{{train,val,test}} there; give the folder that holds {_FOLDER}"
        )
    return words


def _videos(words: Sequence[Path], split: str) -> Iterator[Path]:
    for folder in words:
        if (folder / split).is_dir():
            yield from sorted(p for p in (folder / split).iterdir() if p.suffix.lower() == ".mp4")


def _clip(video: Path) -> Clip:
    word = video.parent.parent.name.upper()
    half = (optional(read_duration, video.with_suffix(".txt")) or 0.0) / 2
    middle = _SECONDS / 2
    return Clip(
        id=f"{word}/{video.parent.name}/{video.stem}",
        video=Recording(video),
        face="frame",
        speech=Recording(video),
        transcript=word,
        words=(Word(word, max(0.0, middle - half), min(_SECONDS, middle + half)),) if half else (),
    )
