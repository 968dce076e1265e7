"""CMLR: Mandarin sentences from news broadcasts (Zhao et al., ACM MM Asia 2019).

Layout::

    {video,audio,text}/<speaker>/<yyyymmdd>/section_<n>_<start>_<end>.{mp4,wav,txt}

Sentences have no blanks: score them by characters (CER); words mean nothing. ASSUMED: the lists are ``train``, ``val`` and
``test`` with the extension ``.csv`` or ``.txt`` in ``root``, a clip's name at the start of each line; and a text file
has the sentence on its first line, then possibly one word with start and end in seconds a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from syncbench.clip import Clip, Recording, Word
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, check_sound, check_text, check_twice, from_error
from syncbench.datasets.transcripts import Spoken, clean, optional, read_lines
from syncbench.errors import ClipError, CommandError

__all__ = ["CMLR", "Cmlr"]

_LISTS = ("test", "val", "train")


class Cmlr(Dataset):
    """Reads CMLR. Ids are ``<speaker>/<date>/section_...``; a speaker is a group. ``all`` needs no list."""

    name = "cmlr"
    title = "CMLR: Chinese Mandarin Lip Reading"
    licence = "universities and research institutes, on request"
    url = "https://www.vipazoo.cn/CMLR.html"
    splits = (*_LISTS, "all")

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return a split's clips in the order of its list, or all by speaker, date and section.

        Raises CommandError where the list or ``video`` are not there.
        """
        root = Path(root or ".")
        if split == "all":
            return [_clip(root, split, name) for name in islice(_names(root), limit)]
        try:
            names = _list(root, split)
        except ClipError as e:
            raise CommandError(str(e)) from e
        return [_clip(root, split, name) for name in islice(names, limit)]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: lists, media, texts."""
        try:
            for name in _names(root):
                video, wav, text = _files(root, name)
                yield from check_media(video, sound=not wav.exists())
                if wav.exists():
                    yield from check_sound(wav)
                yield from _check_text(text)
        except CommandError as e:
            yield from_error(e)
        for split in _LISTS:
            try:
                names = _list(root, split)
            except ClipError as e:
                yield from_error(e)
                continue
            yield from check_twice(root / f"{split}.csv", names)
            for name in names:
                if isinstance(clip := _clip(root, split, name), Unusable):
                    yield Problem(
                        str(root / f"{split}.csv"), f"{name}: {clip.reason}", "fetch it, or take it off the list"
                    )


CMLR = Cmlr()


def _names(root: Path) -> Iterator[str]:
    if not (root / "video").is_dir():
        raise CommandError(f"{root}: no folder video there; give the folder that holds video, audio and text")
    for speaker in sorted(p for p in (root / "video").iterdir() if p.is_dir()):
        for date in sorted(p for p in speaker.iterdir() if p.is_dir()):
            for video in sorted(p for p in date.iterdir() if p.suffix.lower() == ".mp4"):
                yield f"{speaker.name}/{date.name}/{video.stem}"


def _list(root: Path, split: str) -> list[str]:
    path = next((p for suffix in ("csv", "txt") if (p := root / f"{split}.{suffix}").exists()), root / f"{split}.csv")
    names = (re.split(r"[,\s]", line.strip(), maxsplit=1)[0] for line in read_lines(path))
    return [re.sub(r"\.(mp4|txt|wav)$", "", name).removeprefix("video/") for name in names if "section" in name]


def _files(root: Path, name: str) -> tuple[Path, Path, Path]:
    """Return the video, sound and text of a clip; names hold dots, so an extension is put behind them."""
    return root / "video" / f"{name}.mp4", root / "audio" / f"{name}.wav", root / "text" / f"{name}.txt"


def _read(path: Path) -> Spoken:
    lines = [line.strip() for line in read_lines(path) if line.strip()]
    if not lines:
        raise ClipError(f"{path}: is empty; fetch it again")
    text = "".join(clean(lines[0]).split())
    words: list[Word] = []
    for line in lines[1:]:
        columns = line.split()
        numbers = [float(part) for part in columns if re.fullmatch(r"\d+(\.\d+)?", part)]
        tokens = [part for part in columns if not re.fullmatch(r"\d+(\.\d+)?", part)]
        if len(numbers) != 2 or len(tokens) != 1:
            raise ClipError(f"{path}: '{line}' is not a word with its start and end in seconds; fetch it again")
        words.append(Word(tokens[0], numbers[0], numbers[1]))
    return Spoken(text, tuple(words))


def _clip(root: Path, split: str, name: str) -> Clip | Unusable:
    video, wav, text = _files(root, name)
    if not video.is_file():
        return Unusable(name, f"{split} lists it, but video/{name}.mp4 is not there")
    spoken = optional(_read, text)
    speaker = name.partition("/")[0]
    return Clip(
        id=name,
        video=Recording(video),
        speech=Recording(wav if wav.exists() else video),
        speaker=speaker,
        group=speaker,
        transcript=spoken.text if spoken else None,
        words=spoken.words if spoken else (),
    )


def _check_text(path: Path) -> Iterator[Problem]:
    try:
        yield from check_text(path, _read(path).text, r"\u3400-\u9fff", "Chinese characters")
    except ClipError as e:
        yield from_error(e)
