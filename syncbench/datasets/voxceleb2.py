"""VoxCeleb2: celebrities in interviews (Chung et al., Interspeech 2018). It has no transcripts.

Layout, as distributed::

    {dev,test}/mp4/id<number>/<YouTube id>/<clip>.mp4
    {dev,test}/aac/id<number>/<YouTube id>/<clip>.m4a      the speech, where it was fetched too

``vox-en.id`` or ``vox-en.id.gz`` in ``root``, AV-HuBERT's list of English clips (lines ``dev/mp4/id.../.../00001``), is read
as the split ``english``.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from syncbench.clip import Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, check_sound, from_error
from syncbench.datasets.transcripts import read_list
from syncbench.errors import ClipError, CommandError

__all__ = ["VOXCELEB2", "VoxCeleb2"]

_PARTS = ("test", "dev")
_ENGLISH = ("vox-en.id", "vox-en.id.gz")


class VoxCeleb2(Dataset):
    """Reads VoxCeleb2. Ids are ``<speaker>/<YouTube id>/<clip>``; a speaker is a group."""

    name = "voxceleb2"
    title = "VoxCeleb2"
    licence = "CC BY 4.0 for the annotations, by institutional e-mail; the videos are their uploaders'"
    url = "https://mm.kaist.ac.kr/datasets/voxceleb/"
    splits = (*_PARTS, "english")

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return a split's clips by speaker, video and clip; ``english`` in the order of its list.

        Raises CommandError where folder or list are not there.
        """
        root = Path(root or ".")
        if split != "english":
            return [_clip(root, video) for video in islice(_videos(root, split), limit)]
        try:
            return [_listed(root, name) for name in islice(_english(root), limit)]
        except ClipError as e:
            raise CommandError(str(e)) from e

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: folders, media, listed clips."""
        for part in _PARTS:
            if not (root / part / "mp4").is_dir():
                yield Problem(str(root / part / "mp4"), "no such folder", "fine where the split is not wanted")
                continue
            for video in _videos(root, part):
                speech = _clip(root, video).speech
                apart = speech is not None and speech.path != video
                yield from check_media(video, sound=not apart)
                if speech is not None and apart:
                    yield from check_sound(speech.path)
        if any((root / name).exists() for name in _ENGLISH):
            try:
                for name in _english(root):
                    if isinstance(clip := _listed(root, name), Unusable):
                        yield Problem(str(root / _ENGLISH[0]), f"{clip.id}: {clip.reason}", "fetch it")
            except ClipError as e:
                yield from_error(e)


VOXCELEB2 = VoxCeleb2()


def _videos(root: Path, part: str) -> Iterator[Path]:
    folder = root / part / "mp4"
    if not folder.is_dir():
        raise CommandError(f"{folder}: no such folder; give the folder that holds dev and test")
    for speaker in sorted(p for p in folder.iterdir() if p.is_dir()):
        for source in sorted(p for p in speaker.iterdir() if p.is_dir()):
            yield from sorted(p for p in source.iterdir() if p.suffix.lower() == ".mp4")


def _clip(root: Path, video: Path) -> Clip:
    part, _, *below = video.relative_to(root).parts
    speech = root.joinpath(part, "aac", *below).with_suffix(".m4a")
    speaker = below[0]
    return Clip(
        id="/".join([*below[:-1], video.stem]),
        video=Recording(video),
        face="frame",
        speech=Recording(speech if speech.exists() else video),
        speaker=speaker,
        group=speaker,
    )


def _english(root: Path) -> list[str]:
    path = root / _ENGLISH[0]
    packed = root / _ENGLISH[1]
    if path.exists() or not packed.exists():
        return read_list(path)
    try:
        return gzip.decompress(packed.read_bytes()).decode().split()
    except (OSError, EOFError, UnicodeDecodeError) as e:
        raise ClipError(f"{packed}: is no gzip file of text; fetch it again") from e


def _listed(root: Path, name: str) -> Clip | Unusable:
    parts = PurePosixPath(name.removesuffix(".mp4")).parts
    video = root.joinpath(*parts[:-1], f"{parts[-1]}.mp4")
    if len(parts) != 5 or not video.is_file():
        return Unusable("/".join(parts[-3:]), f"the list of English clips names {name}, which is not there")
    return _clip(root, video)
