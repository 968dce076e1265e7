"""TCD-TIMIT: TIMIT sentences read in a studio (Harte & Gillen, IEEE TMM 2015).

Layout, as distributed::

    volunteers/<NN><M|F>/Clips/{straightcam,30degcam}/<sentence>.{mp4,wav,txt}
    lipspeakers/Lipspkr{1,2,3}/Clips/{straightcam,30degcam}/<sentence>.{mp4,wav,txt}

The published splits are ``.scp`` lists with one ``volunteers/01M/Clips/straightcam/sx191.mp4`` a line. The one wanted goes
into ``root`` as ``test.scp`` (and ``train.scp``). Other splits need no list: everybody's clips from in front, or from the
side. ASSUMED: a text file holds the words, each line possibly after two numbers, as TIMIT's own do. Video is at
29.97 frames per second and is resampled to 25.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from syncbench.clip import Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, check_sound, check_text, check_twice, from_error
from syncbench.datasets.transcripts import clean, optional, read_lines, read_list
from syncbench.errors import ClipError, CommandError

__all__ = ["TCD_TIMIT", "TcdTimit"]

_LISTS = ("test", "train")
_WHO = {
    "volunteers": "straightcam",
    "lipspeakers": "straightcam",
    "volunteers-30deg": "30degcam",
    "lipspeakers-30deg": "30degcam",
}
_RATE = 30_000 / 1001


class TcdTimit(Dataset):
    """Reads TCD-TIMIT. Ids are ``<speaker>/<camera>/<sentence>``; a speaker is a group."""

    name = "tcd-timit"
    title = "TCD-TIMIT"
    licence = "by e-mail from a university, non-commercial"
    url = "https://sigmedia.tcd.ie/tcd-timit"
    splits = (*_LISTS, *_WHO)

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return a split's clips: of a list in its order, else by speaker and sentence.

        Raises CommandError where list or folder are not there.
        """
        root = Path(root or ".")
        if split in _LISTS:
            try:
                names = read_list(root / f"{split}.scp")
            except ClipError as e:
                raise CommandError(f"{e}; put the published list you want there under this name") from e
            return [_listed(root, split, name) for name in islice(names, limit)]
        return [_clip(video) for video in islice(_videos(root, split), limit)]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: folders, media, texts, listed clips."""
        folders = [who for who in ("volunteers", "lipspeakers") if (root / who).is_dir()]
        if not folders:
            yield Problem(str(root), "no volunteers or lipspeakers there", "give the folder that holds them")
        for who in folders:
            for video in (video for split in (who, f"{who}-30deg") for video in _videos(root, split)):
                wav = video.with_suffix(".wav")
                yield from check_media(video, sound=not wav.exists(), fps=_RATE)
                if wav.exists():
                    yield from check_sound(wav)
                try:
                    yield from check_text(video.with_suffix(".txt"), _text(video.with_suffix(".txt")))
                except ClipError as e:
                    yield from_error(e)
        for split in _LISTS:
            if (path := root / f"{split}.scp").exists():
                names = read_list(path)
                yield from check_twice(path, names)
                for name in names:
                    if isinstance(clip := _listed(root, split, name), Unusable):
                        yield Problem(str(path), clip.reason, "fetch it, or take it off the list")


TCD_TIMIT = TcdTimit()


def _videos(root: Path, split: str) -> Iterator[Path]:
    who, camera = root / split.removesuffix("-30deg"), _WHO[split]
    if not who.is_dir():
        raise CommandError(f"{who}: no such folder; give the folder that holds volunteers and lipspeakers")
    for speaker in sorted(p for p in who.iterdir() if p.is_dir()):
        folder = speaker / "Clips" / camera
        if folder.is_dir():
            yield from sorted(p for p in folder.iterdir() if p.suffix.lower() == ".mp4")


def _text(path: Path) -> str:
    lines = (re.sub(r"^\s*[\d.]+\s+[\d.]+\s+", "", line) for line in read_lines(path))
    return clean(" ".join(lines))


def _clip(video: Path) -> Clip:
    speaker, camera = video.parts[-4], video.parent.name
    wav = video.with_suffix(".wav")
    return Clip(
        id=f"{speaker}/{camera}/{video.stem}",
        video=Recording(video),
        speech=Recording(wav if wav.exists() else video),
        speaker=speaker,
        group=speaker,
        transcript=optional(_text, video.with_suffix(".txt")),
    )


def _listed(root: Path, split: str, name: str) -> Clip | Unusable:
    parts = PurePosixPath(name).parts[-5:]
    video = root.joinpath(*parts)
    if len(parts) == 5 and video.is_file():
        return _clip(video)
    return Unusable(PurePosixPath(name).with_suffix("").as_posix(), f"{split}.scp lists {name}, which is not there")
