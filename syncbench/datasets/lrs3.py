"""LRS3-TED: sentences from TED talks (Afouras et al., arXiv:1809.00496). No longer distributed.

Layout, as it was distributed::

    {pretrain,trainval,test}/<YouTube id>/<clip>.{mp4,txt}

There are no lists: a split is its folder. ``lrs3-valid.id``, the 1,200 clips of trainval that AV-HuBERT keeps for
validation (lines ``trainval/<YouTube id>/<clip>``), is read as the split ``valid`` where it stands in ``root``.
``landmarks68.npz`` in ``root`` is read too, as for LRS2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from syncbench.clip import Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, check_text, check_twice, from_error
from syncbench.datasets.transcripts import optional, read_list, read_lrs
from syncbench.errors import ClipError, CommandError

__all__ = ["LRS3", "Lrs3"]

_FOLDERS = ("test", "trainval", "pretrain")
_VALID = "lrs3-valid.id"


class Lrs3(Dataset):
    """Reads LRS3. Ids are ``<YouTube id>/<clip>``; clips of one talk are one group; speakers are not named."""

    name = "lrs3"
    title = "LRS3-TED: Lip Reading Sentences 3 (withdrawn)"
    licence = "annotations CC BY-NC-ND 4.0, later CC BY 4.0; the media are TED's; withdrawn"
    url = "https://mmai.io/datasets/lip_reading/"
    splits = (*_FOLDERS, "valid")

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the clips of a split, by talk and clip; ``valid`` in the order of its list.

        Raises CommandError where folder or list are not there.
        """
        root = Path(root or ".")
        if split != "valid":
            return [_clip(root, video) for video in islice(_videos(root, split), limit)]
        try:
            names = read_list(root / _VALID)
        except ClipError as e:
            raise CommandError(f"{e}; the split 'valid' is AV-HuBERT's list of that name") from e
        return [_listed(root, name) for name in islice(names, limit)]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: folders, media, transcripts, clips of the validation list."""
        for split in _FOLDERS:
            if not (root / split).is_dir():
                yield Problem(str(root / split), "no such folder", "fine where the split is not wanted")
                continue
            empty = True
            for video in _videos(root, split):
                empty = False
                yield from check_media(video)
                yield from _check_text(video)
            if empty:
                yield Problem(str(root / split), "no <YouTube id>/<clip>.mp4 in it", "unpack the split here")
            for text in sorted((root / split).glob("*/*.txt")):
                if not text.with_suffix(".mp4").exists():
                    yield Problem(
                        str(text), "a transcript without its video", "fetch the video, or remove the transcript"
                    )
        if (root / _VALID).exists():
            names = read_list(root / _VALID)
            yield from check_twice(root / _VALID, names)
            for name in names:
                if isinstance(clip := _listed(root, name), Unusable):
                    yield Problem(str(root / _VALID), clip.reason, "fetch it, or take it off the list")


LRS3 = Lrs3()


def _videos(root: Path, split: str) -> Iterator[Path]:
    """Yield the videos of a split in order, one folder after another."""
    if not (root / split).is_dir():
        raise CommandError(f"{root / split}: no such folder; give the folder that holds pretrain, trainval and test")
    for talk in sorted(p for p in (root / split).iterdir() if p.is_dir()):
        yield from sorted(p for p in talk.iterdir() if p.suffix.lower() == ".mp4")


def _clip(root: Path, video: Path) -> Clip:
    spoken = optional(read_lrs, video.with_suffix(".txt"))
    landmarks = root / "landmarks68.npz"
    return Clip(
        id=f"{video.parent.name}/{video.stem}",
        video=Recording(video),
        face="frame",
        speech=Recording(video),
        group=video.parent.name,
        transcript=spoken.text if spoken else None,
        words=spoken.words if spoken else (),
        extras={"landmarks": landmarks} if landmarks.exists() else {},
    )


def _listed(root: Path, name: str) -> Clip | Unusable:
    name = re.sub(r"^(.*/)?trainval/", "", name).removesuffix(".mp4")
    video = root / "trainval" / f"{name}.mp4"
    if not video.exists():
        return Unusable(name, f"{_VALID} lists it, but trainval/{name}.mp4 is not there")
    return _clip(root, video)


def _check_text(video: Path) -> Iterator[Problem]:
    path = video.with_suffix(".txt")
    try:
        spoken = read_lrs(path)
    except ClipError as e:
        yield from_error(e)
        return
    yield from check_text(path, spoken.text, "A-Z0-9' ", "capitals, digits and apostrophes")
