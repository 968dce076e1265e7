"""WildVSR: a lip-reading test set from YouTube (Djilali et al., WACV 2024). It has no sound.

Layout: ``videos/00001.mp4`` and ``labels.json``, which maps the file's name, extension included, to its text. The videos
are mouth crops at 25 frames per second.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from syncbench.clip import Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, check_text, from_error
from syncbench.datasets.transcripts import clean, read_lines
from syncbench.errors import ClipError, CommandError

__all__ = ["WILDVSR", "WildVsr"]


class WildVsr(Dataset):
    """Reads WildVSR. Ids are the files' names without extension; every clip stands alone; there is no speech."""

    name = "wildvsr"
    title = "WildVSR"
    licence = "none given; the videos are Creative Commons uploads"
    url = "https://github.com/YasserdahouML/VSR_test_set"
    splits = ("test",)

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the clips in the order of ``labels.json``. Raises CommandError where it is missing or malformed."""
        base = _base(root)
        try:
            labels = _labels(base)
        except ClipError as e:
            raise CommandError(str(e)) from e
        return [_clip(base, name, text) for name, text in islice(labels.items(), limit)]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: labels, videos, videos without label."""
        base = _base(root)
        try:
            labels = _labels(base)
        except ClipError as e:
            yield from_error(e)
            return
        for name, text in labels.items():
            clip = _clip(base, name, text)
            if isinstance(clip, Unusable) or clip.video is None:
                yield Problem(str(base / "videos" / name), "no such file", "labels.json lists it: fetch it")
                continue
            yield from check_media(clip.video.path, sound=False)
            yield from check_text(base / "labels.json", text)
        videos = base / "videos"
        for video in sorted(videos.glob("*.mp4")) if videos.is_dir() else []:
            if video.name not in labels and video.stem not in labels:
                yield Problem(str(video), "labels.json has no text for it", "fetch labels.json again")


WILDVSR = WildVsr()


def _base(root: Path | None) -> Path:
    root = Path(root or ".")
    return root / "WildVSR" if (root / "WildVSR").is_dir() else root


def _labels(base: Path) -> dict[str, str]:
    path = base / "labels.json"
    try:
        found = json.loads("\n".join(read_lines(path)))
    except json.JSONDecodeError as e:
        raise ClipError(f"{path}:{e.lineno}: is not JSON ({e.msg}); fetch it again") from e
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise ClipError(f"{path}: does not map file names to texts; fetch it again")
    return {str(name): clean(str(text)) for name, text in found.items()}


def _clip(base: Path, name: str, text: str) -> Clip | Unusable:
    video = base / "videos" / f"{name.removesuffix('.mp4')}.mp4"
    if not video.is_file():
        return Unusable(video.stem, f"labels.json lists it, but videos/{video.name} is not there")
    return Clip(id=video.stem, video=Recording(video), face="frame", transcript=text)
