"""GRID: six-word commands in front of a plain wall (Cooke et al., JASA 2006).

Two layouts are distributed, and read in any mixture::

    Zenodo      s1/bbaf2n.mpg                   alignments/s1/bbaf2n.align
    Sheffield   s1/video/mpg_6000/bbaf2n.mpg    s1/align/bbaf2n.align        (also s1/video/*.mpg)

A file's name spells its sentence: ``bbaf2n`` is "bin blue at f two now". So a clip without an align file still has its
transcript, and one with it can be checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from syncbench.clip import Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, existing, from_error
from syncbench.datasets.transcripts import optional, read_align
from syncbench.errors import ClipError, CommandError

__all__ = ["GRID", "UNSEEN", "Grid", "sentence"]

UNSEEN = ("s1", "s2", "s20", "s22")
"""Talkers of the test set with unseen talkers (LipNet, Assael et al. 2016)."""

_COMMAND = {"b": "bin", "l": "lay", "p": "place", "s": "set"}
_COLOUR = {"b": "blue", "g": "green", "r": "red", "w": "white"}
_PREPOSITION = {"a": "at", "b": "by", "i": "in", "w": "with"}
_LETTER = {letter: letter for letter in "abcdefghijklmnopqrstuvxyz"}
_DIGITS = "zero one two three four five six seven eight nine"
_DIGIT = dict(zip("z123456789", _DIGITS.split(), strict=True))
_ADVERB = {"a": "again", "n": "now", "p": "please", "s": "soon"}

_SUFFIXES = (".mpg", ".mp4", ".mov", ".avi", ".mkv")
_VIDEO_FOLDERS = ("video/mpg_6000", "video/mpg_vcd", "video", "mpg_6000", "mpg_vcd", ".")


class Grid(Dataset):
    """Reads GRID. Ids are ``s<k>/<sentence>``; a talker is speaker and group.

    Splits: ``test`` is the four talkers s1, s2, s20 and s22, ``train`` the others (the unseen-talker protocol),
    ``all`` everybody.
    """

    name = "grid"
    title = "GRID audiovisual sentence corpus"
    licence = "CC BY 4.0"
    url = "https://zenodo.org/records/3625687"
    splits = ("test", "train", "all")

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return a split's clips by talker and sentence. Raises CommandError where no talker's folder is there."""
        root = Path(root or ".")
        wanted = (
            talker
            for talker in _talkers(root)
            if split == "all" or (split == "test") == (talker.name.lower() in UNSEEN)
        )
        return [_clip(root, talker, video) for talker, video in islice(_videos(wanted), limit)]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: videos, align files, names that spell no sentence or another one."""
        try:
            talkers = _talkers(root)
        except CommandError as e:
            yield Problem(str(root), str(e).partition(": ")[2])
            return
        for talker in talkers:
            videos = [video for _, video in _videos([talker])]
            if not videos:
                yield Problem(str(talker), "no videos", "talker s21 has none" if talker.name == "s21" else "fetch them")
            for video in videos:
                yield from check_media(video)
                yield from _check_words(root, talker, video)


GRID = Grid()


def sentence(name: str) -> str | None:
    """Return the sentence a GRID file name spells, such as ``bin blue at f two now`` of ``bbaf2n``; None for another."""
    tables = (_COMMAND, _COLOUR, _PREPOSITION, _LETTER, _DIGIT, _ADVERB)
    name = name.lower()
    if len(name) != len(tables) or any(letter not in table for letter, table in zip(name, tables, strict=True)):
        return None
    return " ".join(table[letter] for letter, table in zip(name, tables, strict=True))


def _talkers(root: Path) -> list[Path]:
    found = {p: re.fullmatch(r"s(\d+)", p.name, re.IGNORECASE) for p in root.iterdir() if p.is_dir()}
    talkers = {p: int(match[1]) for p, match in found.items() if match}
    if not talkers:
        raise CommandError(f"{root}: no folder s1, s2, ... there; give the folder that holds the talkers' folders")
    return sorted(talkers, key=lambda p: talkers[p])


def _videos(talkers: Iterator[Path] | Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield (talker, video), from the first of the known folders that has videos."""
    for talker in talkers:
        for folder in (talker / name for name in _VIDEO_FOLDERS):
            videos = sorted(p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES) if folder.is_dir() else []
            if videos:
                yield from ((talker, video) for video in videos)
                break


def _align(root: Path, talker: Path, video: Path) -> Path | None:
    """Return the align file of a video, in either layout; None where there is none."""
    for folder in (talker / "align", root / "alignments" / talker.name, root / "align" / talker.name):
        if folder.is_dir() and (found := existing(folder / f"{video.stem}.align")):
            return found
    return None


def _clip(root: Path, talker: Path, video: Path) -> Clip:
    align = _align(root, talker, video)
    words = (optional(read_align, align) if align else None) or ()
    speaker = talker.name.lower()
    return Clip(
        id=f"{speaker}/{video.stem}",
        video=Recording(video),
        speech=Recording(video),
        speaker=speaker,
        group=speaker,
        transcript=" ".join(word.text for word in words) if words else sentence(video.stem),
        words=words,
    )


def _check_words(root: Path, talker: Path, video: Path) -> Iterator[Problem]:
    spelled = sentence(video.stem)
    if spelled is None:
        yield Problem(str(video), "its name spells no GRID sentence", "give it back its own name, such as bbaf2n")
    align = _align(root, talker, video)
    if align is None:
        yield Problem(
            str(talker / "align" / f"{video.stem}.align"), "no such file", "fetch the alignments; word times need them"
        )
        return
    try:
        said = " ".join(word.text.lower() for word in read_align(align))
    except ClipError as e:
        yield from_error(e)
        return
    if spelled is not None and said != spelled:
        yield Problem(str(align), f"says '{said}', the file's name '{spelled}'", "one of the two is another clip's")
