"""HDTF: talking heads from YouTube at high resolution (Zhang et al., CVPR 2021). It has no transcripts.

The dataset is lists; who fetches and cuts the videos by them gets ``<Name>_<clip>.mp4``, clip counting from 0::

    <Name>_<clip>.mp4                                in root, clips/, videos/ or in a folder for each of RD, WDA, WRA
    {RD,WDA,WRA}_crop_wh.txt                         the lists, in root or HDTF_dataset/, where they were kept:
    {RD,WDA,WRA}_{video_url,resolution,annotion_time,crop_ratio}.txt      <Name>_<clip>.mp4 min_width width ...

Rates are the uploads' own; frames are resampled to 25 per second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from syncbench.clip import Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, from_error
from syncbench.datasets.transcripts import read_list
from syncbench.errors import ClipError, CommandError

__all__ = ["HDTF", "Hdtf"]

_PARTS = ("RD", "WDA", "WRA")
_FOLDERS = (".", "clips", "videos", *_PARTS)


class Hdtf(Dataset):
    """Reads HDTF. Ids are ``<Name>_<clip>``; clips of one source video are one group.

    There is no official split: ``test`` is everything, the others are the three parts of the lists.
    """

    name = "hdtf"
    title = "HDTF: High-Definition Talking Face"
    licence = "lists CC BY 4.0; the videos are their uploaders'"
    url = "https://github.com/MRzzm/HDTF"
    splits = ("test", *_PARTS)

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the clips that are there, by name, then what the lists name and is not there, as Unusable.

        Raises CommandError where no video is there.
        """
        root = Path(root or ".")
        videos = _videos(root)
        if not videos:
            raise CommandError(f"{root}: no <Name>_<clip>.mp4 there; fetch the videos and cut them by HDTF's lists")
        missing = (name for name in _listed(root) if name not in videos)
        clips: Iterator[Clip | Unusable] = (_clip(name, video) for name, video in videos.items() if _in(name, split))
        lost = (
            Unusable(name, f"HDTF's lists name it, but {name}.mp4 is not there") for name in missing if _in(name, split)
        )
        return [*islice((clip for part in (clips, lost) for clip in part), limit)]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: listed clips, media, names."""
        videos = _videos(root)
        if not videos:
            yield Problem(str(root), "no <Name>_<clip>.mp4 there", "fetch the videos and cut them by HDTF's lists")
        for path in _lists(root):
            try:
                names = read_list(path)
            except ClipError as e:
                yield from_error(e)
                continue
            for name in names:
                if not re.fullmatch(r".+_\d+\.mp4", name):
                    yield Problem(str(path), f"'{name}' is not <Name>_<clip>.mp4", "fetch the list again")
                elif name.removesuffix(".mp4") not in videos:
                    yield Problem(str(root / name), "no such file", f"{path.name} names it; fetch and cut it")
        for video in videos.values():
            yield from check_media(video, fps=None)


HDTF = Hdtf()


def _in(name: str, split: str) -> bool:
    return split == "test" or name.startswith(f"{split}_")


def _videos(root: Path) -> dict[str, Path]:
    """Return the videos by name, sorted; the first of two with one name."""
    folders = [root / name for name in _FOLDERS if (root / name).is_dir()]
    videos: dict[str, Path] = {}
    for path in (p for folder in folders for p in folder.iterdir() if p.suffix.lower() == ".mp4" and p.name[0] != "."):
        videos.setdefault(path.stem, path)
    return dict(sorted(videos.items()))


def _lists(root: Path) -> list[Path]:
    """Return the lists that name clips as they are on disk after cutting."""
    folders = (root, root / "HDTF_dataset")
    return [p for part in _PARTS for folder in folders if (p := folder / f"{part}_crop_wh.txt").exists()]


def _listed(root: Path) -> list[str]:
    try:
        return [name.removesuffix(".mp4") for path in _lists(root) for name in read_list(path)]
    except ClipError as e:
        raise CommandError(str(e)) from e


def _clip(name: str, video: Path) -> Clip:
    source = re.sub(r"_\d+$", "", name)
    return Clip(id=name, video=Recording(video), speech=Recording(video), group=source)
