"""Any videos in a folder, with whatever is known about them beside them.

Everything but the videos is optional::

    videos/           the videos, in any depth; without this folder they are looked for in root itself
    reference/        the real video of each, under the same name
    transcripts.txt   or transcripts.tsv: 'id text' or 'id<tab>text' a line
    pairs.txt         'speech face' a line: then these are the clips, each face driven by another's speech
    landmarks68.npz   landmarks by id, or by the id's last part: [T, 68, 2] in pixels

and beside ``x.mp4``, or a folder of frames ``x/``: ``x.wav`` is its speech, ``x.txt`` its transcript (plain, or LRS's
``Text:`` form), ``x.align`` its word times in GRID's form. A folder of frames has its speech from any sound file beside it.

An id is the path below the folder, without the extension: see :mod:`syncbench.datasets.walk`.
Where ``reference/`` stands, a clip is the real video if there is one; the others are marked as having none, so that
metrics that compare with the real video say so. ``--model folder:ROOT/videos`` then scores the videos against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from syncbench.clip import Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, from_error
from syncbench.datasets.pairing import paired, read_pairs
from syncbench.datasets.transcripts import Spoken, optional, read_align, read_table, read_text
from syncbench.datasets.walk import VIDEO_SUFFIXES, Walk, walk
from syncbench.errors import ClipError, CommandError

__all__ = ["FOLDER", "Folder"]

_TABLES = ("transcripts.tsv", "transcripts.txt")
_PAIRS = "pairs.txt"
_SOUND_SUFFIXES = (".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".opus")


class Folder(Dataset):
    """Reads a folder of videos. Every clip stands alone; speakers are not known; the one split is ``test``."""

    name = "folder"
    title = "Any folder of videos"
    licence = "yours"
    url = ""
    splits = ("test",)

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
        real = _reference(root)
        known = (_clip(root, name, video, texts, real) for name, video in _walk(root).videos.items())
        if (root / _PAIRS).exists():
            pairs = read_pairs(root / _PAIRS)[:limit]
            return paired([*known], pairs)
        clips = [*islice(known, limit)]
        if not clips:
            raise CommandError(f"{root}: no video there; {' '.join(VIDEO_SUFFIXES)} are looked for, in any depth")
        return clips

    def left_out(self, root: Path) -> Sequence[str]:
        return _walk(root).left_out

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: media, transcripts, pairs, references of other names."""
        found = _walk(root)
        videos, real = found.videos, _reference(root)
        if not videos:
            yield Problem(str(root), "no video there", f"{' '.join(VIDEO_SUFFIXES)} are looked for, in any depth")
        for video in videos.values():
            yield from check_media(video, sound=_sound(video) is None, fps=None)
        for path in (real or {}).values():
            yield from check_media(path, sound=False, fps=None)
        for name in videos:
            if real is not None and _real(real, name) is None:
                yield Problem(
                    str(root / "reference" / name), "no real video of this clip", "add it, or compare without"
                )
        for video in videos.values():
            if (text := _beside(video, ".txt")).exists():
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
                known = [_clip(root, name, video, {}, real) for name, video in videos.items()]
                for pair in paired(known, read_pairs(root / _PAIRS)):
                    if isinstance(pair, Unusable):
                        yield Problem(str(root / _PAIRS), pair.reason, "correct the pair")
        except (ClipError, CommandError) as e:
            yield from_error(e)


FOLDER = Folder()


def _walk(root: Path) -> Walk:
    """Look through ``videos/``, or where there is none through root itself."""
    base = root / "videos"
    return walk(base) if base.is_dir() else walk(root, leave_out=("reference",))


def _table(root: Path) -> Path | None:
    return next((path for name in _TABLES if (path := root / name).exists()), None)


def _texts(root: Path) -> Mapping[str, str]:
    path = _table(root)
    return read_table(path) if path else {}


def _clip(root: Path, name: str, video: Path, texts: Mapping[str, str], real: Mapping[str, Path] | None) -> Clip:
    """Return one clip; ``real`` are the real videos by id, None where there are none to compare with."""
    shown = video if real is None else _real(real, name)
    spoken = Spoken(texts[name]) if name in texts else optional(read_text, _beside(video, ".txt"))
    speech = _sound(video) or shown or video
    landmarks = root / "landmarks68.npz"
    return Clip(
        id=name,
        video=Recording(shown or video),
        speech=Recording(speech),
        transcript=spoken.text if spoken else None,
        words=(spoken.words if spoken else ()) or optional(read_align, _beside(video, ".align")) or (),
        extras={"landmarks": landmarks} if landmarks.exists() else {},
        real=shown is not None,
    )


def _sound(video: Path) -> Path | None:
    """Return the file of speech beside a video; None where there is none."""
    suffixes = _SOUND_SUFFIXES if video.is_dir() else _SOUND_SUFFIXES[:1]
    return next((path for suffix in suffixes if (path := _beside(video, suffix)).exists()), None)


def _beside(video: Path, suffix: str) -> Path:
    """Return the file of another suffix beside a video, small or capital; a folder's name has no suffix to replace."""
    name = video.name if video.is_dir() else video.stem
    small, capital = video.with_name(name + suffix), video.with_name(name + suffix.upper())
    return capital if capital.exists() and not small.exists() else small


def _real(real: Mapping[str, Path], name: str) -> Path | None:
    """Return the real video of an id; where the id carries an extension, one of another extension will do."""
    return real.get(name) or real.get(name.rpartition(".")[0])


def _reference(root: Path) -> Mapping[str, Path] | None:
    return walk(root / "reference").videos if (root / "reference").is_dir() else None
