"""Any videos in a folder, with whatever is known about them beside them.

Everything but the videos is optional::

    videos/           the videos, in any depth; without this folder they are looked for in root itself
    reference/        the real video of each, under the same name
    transcripts.txt   or transcripts.tsv: 'id text' or 'id<tab>text' a line
    pairs.txt         'speech face' a line: then these are the clips, each face driven by another's speech
    landmarks68.npz   landmarks by id, or by the id's last part: [T, 68, 2] in pixels

and beside ``x.mp4``: ``x.wav`` is its speech, ``x.txt`` its transcript (plain, or LRS's ``Text:`` form), ``x.align`` its
word times in GRID's form.

An id is the path below the folder, without the extension; two files that differ in extension alone keep theirs.
Where ``reference/`` stands, a clip is the real video if there is one; the others are marked as having none, so that
metrics that compare with the real video say so. ``--model folder:ROOT/videos`` then scores the videos against it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from syncbench.contracts import Clip, Problem, Unusable
from syncbench.datasets.checks import check_media, from_error
from syncbench.datasets.pairing import paired, read_pairs
from syncbench.datasets.transcripts import Spoken, optional, read_align, read_table, read_text
from syncbench.errors import ClipError, CommandError

__all__ = ["FOLDER", "VIDEO_SUFFIXES", "Folder"]

VIDEO_SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".mpg", ".mpeg", ".webm", ".m4v")

_TABLES = ("transcripts.tsv", "transcripts.txt")
_PAIRS = "pairs.txt"


@dataclass(frozen=True, slots=True)
class Folder:
    """Reads a folder of videos. Every clip stands alone; speakers are not known; the one split is ``test``."""

    name: str = "folder"
    title: str = "Any folder of videos"
    licence: str = "yours"
    url: str = ""
    splits: tuple[str, ...] = ("test",)
    needs_root: bool = True

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the clips by id, or one for each pair in the order of ``pairs.txt``.

        Raises CommandError where there is no video, or transcripts or pairs cannot be read.
        """
        root = Path(root or ".")
        try:
            texts = _texts(root)
        except ClipError as e:
            raise CommandError(str(e)) from e
        known = (_clip(root, name, video, texts) for name, video in _videos(root))
        if (root / _PAIRS).exists():
            pairs = read_pairs(root / _PAIRS)[:limit]
            return paired([*known], pairs)
        clips = [*islice(known, limit)]
        if not clips:
            raise CommandError(f"{root}: no video there; {' '.join(VIDEO_SUFFIXES)} are looked for, in any depth")
        return clips

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: media, transcripts, pairs and references of other names."""
        videos = dict(_videos(root))
        if not videos:
            yield Problem(str(root), "no video there", f"{' '.join(VIDEO_SUFFIXES)} are looked for, in any depth")
        for video in videos.values():
            yield from check_media(video, sound=not video.with_suffix(".wav").exists(), fps=None)
        for real in (p for _, p in _named(root / "reference")):
            yield from check_media(real, sound=False, fps=None)
        for video in videos.values():
            if (text := video.with_suffix(".txt")).exists():
                try:
                    read_text(text)
                except ClipError as e:
                    yield from_error(e)
        try:
            for name in _texts(root):
                if name not in videos:
                    yield Problem(
                        str(_table(root)), f"has a transcript of '{name}', which is no video here", "correct the id"
                    )
            if (root / _PAIRS).exists():
                known = [_clip(root, name, video, {}) for name, video in videos.items()]
                for pair in paired(known, read_pairs(root / _PAIRS)):
                    if isinstance(pair, Unusable):
                        yield Problem(str(root / _PAIRS), pair.reason, "correct the pair")
        except (ClipError, CommandError) as e:
            yield from_error(e)


FOLDER = Folder()


def _videos(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield (id, video), folder after folder."""
    base = root / "videos"
    if base.is_dir():
        yield from _named(base)
    else:
        yield from _named(root, leave_out="reference")


def _named(base: Path, leave_out: str = "") -> Iterator[tuple[str, Path]]:
    """Yield (id, video) for every video below ``base``, folder after folder."""
    for folder, below, files in os.walk(base):
        below[:] = sorted(name for name in below if name[0] != "." and not (folder == str(base) and name == leave_out))
        videos = sorted(
            Path(folder, name) for name in files if name[0] != "." and name.lower().endswith(VIDEO_SUFFIXES)
        )
        stems = [video.stem for video in videos]
        for video in videos:
            name = video.name if stems.count(video.stem) > 1 else video.stem
            yield (video.parent / name).relative_to(base).as_posix(), video


def _table(root: Path) -> Path | None:
    return next((path for name in _TABLES if (path := root / name).exists()), None)


def _texts(root: Path) -> Mapping[str, str]:
    path = _table(root)
    return read_table(path) if path else {}


def _real(root: Path, name: str, video: Path) -> Path | None:
    """Return the real video of an id, whatever its extension."""
    places = (root / "reference" / f"{name}{suffix}" for suffix in ("", video.suffix, *VIDEO_SUFFIXES))
    return next((path for path in places if path.is_file()), None)


def _clip(root: Path, name: str, video: Path, texts: Mapping[str, str]) -> Clip:
    compare = (root / "reference").is_dir()
    real = _real(root, name, video) if compare else None
    spoken = Spoken(texts[name]) if name in texts else optional(read_text, video.with_suffix(".txt"))
    wav = video.with_suffix(".wav")
    landmarks = root / "landmarks68.npz"
    return Clip(
        id=name,
        video=real or video,
        audio=wav if wav.exists() else None,
        transcript=spoken.text if spoken else None,
        words=(spoken.words if spoken else ()) or optional(read_align, video.with_suffix(".align")) or (),
        extras={"landmarks": landmarks} if landmarks.exists() else {},
        reference=real is not None or not compare,
    )
