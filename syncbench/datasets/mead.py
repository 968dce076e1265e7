"""MEAD: actors speaking with emotions, from seven sides (Wang et al., ECCV 2020). It has no transcripts on disk.

Layout, as distributed, and as some copies have it::

    M003/video/front/angry/level_3/001.mp4     M003/audio/angry/level_3/001.m4a
    M003/front/angry/level_3/M003_front_angry_level_3_001.mp4

Video is at 30 frames per second and is resampled to 25.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from syncbench.clip import Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, check_sound
from syncbench.errors import CommandError

__all__ = ["EMOTIONS", "MEAD", "VIEWS", "Mead"]

VIEWS = ("front", "down", "left_30", "left_60", "right_30", "right_60", "top")
EMOTIONS = ("angry", "contempt", "disgusted", "fear", "happy", "neutral", "sad", "surprised")


class Mead(Dataset):
    """Reads MEAD. Ids are ``<actor>/<view>/<emotion>/<level>/<number>``; an actor is a group.

    There is no official split: each view is one, and ``test`` is the view from the front.
    """

    name = "mead"
    title = "MEAD: Multi-view Emotional Audio-visual Dataset"
    licence = "research only"
    url = "https://wywu.github.io/projects/MEAD/MEAD.html"
    splits = ("test", *VIEWS)

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return a view's clips by actor, emotion, level and number. Raises CommandError where no actor is there."""
        view = "front" if split == "test" else split
        actors = _actors(Path(root or "."))
        return [_clip(actor, view, video) for actor, video in islice(_videos(actors, view), limit)]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: folders, media, names of emotions."""
        try:
            actors = _actors(root)
        except CommandError as e:
            yield Problem(str(root), str(e).partition(": ")[2])
            return
        for actor in actors:
            videos = [video for view in VIEWS for _, video in _videos([actor], view)]
            if not videos:
                yield Problem(str(actor), "no videos", "actor W021 has none" if actor.name == "W021" else "unpack them")
            for video in videos:
                sound = _sound(actor, video)
                yield from check_media(video, sound=sound == video, fps=30)
                if sound != video:
                    yield from check_sound(sound)
                if (emotion := video.parent.parent.name) not in EMOTIONS:
                    yield Problem(str(video), f"'{emotion}' is none of MEAD's emotions", "check how it was unpacked")


MEAD = Mead()


def _actors(root: Path) -> list[Path]:
    actors = sorted(p for p in root.iterdir() if p.is_dir() and re.fullmatch(r"[MW]\d{3}", p.name))
    if not actors:
        raise CommandError(f"{root}: no folder of an actor (M003, W009, ...) there; give the folder that holds them")
    return actors


def _videos(actors: Sequence[Path], view: str) -> Iterator[tuple[Path, Path]]:
    for actor in actors:
        folder = actor / "video" / view if (actor / "video").is_dir() else actor / view
        yield from ((actor, video) for video in sorted(folder.glob("*/level_*/*.mp4")))


def _clip(actor: Path, view: str, video: Path) -> Clip:
    emotion, level, number = _named(video)
    return Clip(
        id=f"{actor.name}/{view}/{emotion}/{level}/{number}",
        video=Recording(video),
        speech=Recording(_sound(actor, video)),
        speaker=actor.name,
        group=actor.name,
    )


def _named(video: Path) -> tuple[str, str, str]:
    """Return emotion, level and number of a video, from where it lies."""
    return video.parent.parent.name, video.parent.name, video.stem.rpartition("_")[2]


def _sound(actor: Path, video: Path) -> Path:
    """Return the file that the speech is in: one of the audio folder, one beside the video, or the video itself."""
    emotion, level, number = _named(video)
    sounds = (actor / "audio" / emotion / level / f"{number}{suffix}" for suffix in (".m4a", ".wav"))
    beside = (video.with_suffix(suffix) for suffix in (".m4a", ".wav"))
    return next((path for path in (*sounds, *beside) if path.exists()), video)
