"""A dataset: interviews in folders.

::

    ROOT/<speaker>/<clip>.mp4    a face speaking
    ROOT/<speaker>/<clip>.txt    what is said
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from syncbench.clip import Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.errors import CommandError


class Interviews(Dataset):
    """Reads interviews; one split, clips in the order of their names."""

    name = "interviews"
    title = "Interviews"
    licence = "yours"
    url = "https://example.org/interviews"

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        videos = sorted((root or Path()).glob("*/*.mp4"))
        if not videos:
            raise CommandError(f"{root}: no <speaker>/<clip>.mp4 there")
        return [_clip(video) for video in videos[:limit]]

    def problems(self, root: Path) -> Iterator[Problem]:
        for video in sorted(root.glob("*/*.mp4")):
            if not video.with_suffix(".txt").is_file():
                yield Problem(str(video), "has no transcript beside it", f"write {video.stem}.txt")


def _clip(video: Path) -> Clip | Unusable:
    speaker, text = video.parent.name, video.with_suffix(".txt")
    if not text.is_file():
        return Unusable(f"{speaker}/{video.stem}", f"{text.name} is not there")
    recorded = Recording(video)
    said = text.read_text(encoding="utf-8").strip()
    return Clip(f"{speaker}/{video.stem}", recorded, recorded, speaker=speaker, group=speaker, transcript=said)


INTERVIEWS = Interviews()
