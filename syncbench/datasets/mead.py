"""MEAD: actors speaking with emotions, from seven sides (Wang et al., ECCV 2020). It has no transcripts on disk.

Layout, as distributed, and as some copies have it::

    M003/video/front/angry/level_3/001.mp4     M003/audio/angry/level_3/001.m4a
    M003/front/angry/level_3/M003_front_angry_level_3_001.mp4

Video is at 30 frames per second and is resampled to 25.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from syncbench.contracts import Clip, Problem, Unusable
from syncbench.datasets.checks import check_media, check_sound
from syncbench.errors import CommandError

__all__ = ["EMOTIONS", "MEAD", "VIEWS", "Mead"]

VIEWS = ("front", "down", "left_30", "left_60", "right_30", "right_60", "top")
EMOTIONS = ("angry", "contempt", "disgusted", "fear", "happy", "neutral", "sad", "surprised")


@dataclass(frozen=True, slots=True)
class Mead:
    """Reads MEAD. Ids are ``<actor>/<view>/<emotion>/<level>/<number>``; an actor is a group.

    There is no official split: each view is one, and ``test`` is the view from the front.
    """

    name: str = "mead"
    title: str = "MEAD: Multi-view Emotional Audio-visual Dataset"
    licence: str = "research only"
    url: str = "https://wywu.github.io/projects/MEAD/MEAD.html"
    splits: tuple[str, ...] = ("test", *VIEWS)
    needs_root: bool = True

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
            videos = [(view, video) for view in VIEWS for _, video in _videos([actor], view)]
            if not videos:
                yield Problem(str(actor), "no videos", "actor W021 has none" if actor.name == "W021" else "unpack them")
            for view, video in videos:
                sound = _clip(actor, view, video).audio
                yield from check_media(video, sound=sound is None, fps=30)
                if sound is not None:
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
    emotion, level = video.parent.parent.name, video.parent.name
    number = video.stem.rpartition("_")[2]
    sounds = (actor / "audio" / emotion / level / f"{number}{suffix}" for suffix in (".m4a", ".wav"))
    beside = (video.with_suffix(suffix) for suffix in (".m4a", ".wav"))
    return Clip(
        id=f"{actor.name}/{view}/{emotion}/{level}/{number}",
        video=video,
        audio=next((path for path in (*sounds, *beside) if path.exists()), None),
        speaker=actor.name,
        group=actor.name,
    )
