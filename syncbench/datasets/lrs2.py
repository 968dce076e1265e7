"""LRS2-BBC: sentences from BBC television (Afouras et al., TPAMI 2018; Chung et al., CVPR 2017).

Layout, as distributed::

    train.txt val.txt test.txt pretrain.txt      one <video>/<clip> a line; a tag may follow (test.txt has one)
    mvlrs_v1/main/<video>/<clip>.{mp4,txt}       clips of train, val and test
    mvlrs_v1/pretrain/<video>/<clip>.{mp4,txt}

``root`` is the folder with the lists or ``mvlrs_v1`` itself; the lists may stand beside ``mvlrs_v1`` or inside it. Two
things that LRS2 does not have are read where they stand beside the lists: ``align/<video>/<clip>.align``, word times in
GRID's form, and ``landmarks68.npz``, the landmarks of all clips by id or by the id's last part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from syncbench.clip import Clip, Recording, Word
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, check_text, check_twice, existing, from_error
from syncbench.datasets.transcripts import optional, read_align, read_list, read_lrs
from syncbench.errors import ClipError, CommandError

__all__ = ["LRS2", "Lrs2"]

_MEDIA = "mvlrs_v1"


class Lrs2(Dataset):
    """Reads LRS2. Ids are ``<video>/<clip>``; clips of one source video are one group; speakers are not known."""

    name = "lrs2"
    title = "LRS2-BBC: Lip Reading Sentences 2"
    licence = "BBC agreement: universities and public bodies, research only"
    url = "https://www.robots.ox.ac.uk/~vgg/data/lip_reading/lrs2.html"
    splits: tuple[str, ...] = ("test", "val", "train", "pretrain")

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the clips of ``<split>.txt`` in its order. Raises CommandError where list or media are not there."""
        places = _places(root)
        path = _list(places, split)
        try:
            names = read_list(path)
        except ClipError as e:
            raise CommandError(str(e)) from e
        return [_clip(places, path, split, _id(name)) for name in islice(names, limit)]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: lists, media, transcripts."""
        try:
            places = _places(root)
        except CommandError as e:
            yield Problem(str(root), str(e).partition(": ")[2])
            return
        seen: dict[str, str] = {}
        for split in self.splits:
            try:
                path = _list(places, split)
                names = [_id(name) for name in read_list(path)]
            except CommandError:
                if split != "pretrain" or (places.media / "pretrain").is_dir():
                    yield Problem(str(places.lists / f"{split}.txt"), "no such list", "fetch it; it comes with LRS2")
                continue
            except ClipError as e:
                yield from_error(e)
                continue
            yield from check_twice(path, names)
            for name in dict.fromkeys(names):
                if split != "pretrain" and seen.setdefault(name, split) != split:
                    yield Problem(str(path), f"lists '{name}', which {seen[name]}.txt lists too", "keep one of the two")
                yield from _check(places, path, split, name)


LRS2 = Lrs2()


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the lists and the folders main and pretrain are."""

    lists: Path
    media: Path


def _places(root: Path | None) -> _Places:
    root = Path(root or ".").resolve()
    for media, lists in ((root / _MEDIA, root), (root, root.parent)):
        if (media / "main").is_dir() or (media / "pretrain").is_dir():
            return _Places(lists, media)
    raise CommandError(
        f"{root}: no {_MEDIA}/main there; give the folder that holds train.txt, val.txt, test.txt and {_MEDIA}"
    )


def _list(places: _Places, split: str) -> Path:
    for folder in (places.lists, places.media):
        if found := existing(folder / f"{split}.txt"):
            return found
    raise CommandError(f"{places.lists / f'{split}.txt'}: no such list; it comes with LRS2 and stands beside {_MEDIA}")


def _id(name: str) -> str:
    """Return ``<video>/<clip>`` of a list entry, which some copies write with folder and extension."""
    return name.removeprefix("main/").removeprefix("pretrain/").removesuffix(".mp4")


def _folder(split: str) -> str:
    return "pretrain" if split == "pretrain" else "main"


def _clip(places: _Places, listed: Path, split: str, name: str) -> Clip | Unusable:
    video = existing(places.media / _folder(split) / f"{name}.mp4")
    if video is None:
        return Unusable(
            name, f"{listed.name} lists it, but {places.media.name}/{_folder(split)}/{name}.mp4 is not there"
        )
    spoken = optional(read_lrs, video.with_suffix(".txt"))
    words = spoken.words if spoken else ()
    if not words:
        words = _aligned(places, name)
    landmarks = places.lists / "landmarks68.npz"
    return Clip(
        id=name,
        video=Recording(video),
        face="frame",
        speech=Recording(video),
        group=name.rpartition("/")[0],
        transcript=spoken.text if spoken else None,
        words=words,
        extras={"landmarks": landmarks} if landmarks.exists() else {},
    )


def _aligned(places: _Places, name: str) -> tuple[Word, ...]:
    """Return word times from an align file beside the lists, in capitals as LRS2 writes words."""
    words = optional(read_align, places.lists / "align" / f"{name}.align") or ()
    return tuple(Word(word.text.upper(), word.start, word.end) for word in words)


def _check(places: _Places, listed: Path, split: str, name: str) -> Iterator[Problem]:
    wanted = places.media / _folder(split) / f"{name}.mp4"
    video = existing(wanted)
    if video is None:
        yield Problem(str(wanted), "no such file", f"{listed.name} lists it: fetch it, or take it off the list")
        return
    yield from check_media(video)
    try:
        spoken = read_lrs(video.with_suffix(".txt"))
    except ClipError as e:
        yield from_error(e)
        return
    yield from check_text(video.with_suffix(".txt"), spoken.text, "A-Z0-9' ", "capitals, digits and apostrophes")
    align = places.lists / "align" / f"{name}.align"
    if align.exists():
        try:
            said = " ".join(word.text.upper() for word in read_align(align))
        except ClipError as e:
            yield from_error(e)
            return
        if said != spoken.text:
            yield Problem(str(align), f"says '{said}', the transcript '{spoken.text}'", "correct one of the two")
