"""MuAViC: TED talks in nine languages (Anwar et al., Interspeech 2023). Archived; its English part needs LRS3.

Layout, as its scripts make it, below ``root``::

    <lang>/{audio,video}/{train,valid,test}/<talk>/<talk>_<segment>.{wav,mp4}
    <lang>/{train,valid,test}.tsv      '/' on the first line, then id, video, audio, video frames, audio samples
    <lang>/{train,valid,test}.<lang>   one transcript a line, in the same order (AV-HuBERT's .wrd is read too)

A count of -1 marks a file that could not be made. Paths in manifests that were made elsewhere are looked for below
``root``. The videos are 96x96 mouth crops, but segments without face metadata hold the whole face at that size, which
no header tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from syncbench.clip import Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, check_sound, check_twice, from_error
from syncbench.datasets.transcripts import clean, read_lines
from syncbench.errors import ClipError, CommandError

__all__ = ["LANGUAGES", "MUAVIC", "Muavic"]

LANGUAGES = ("en", "ar", "de", "el", "es", "fr", "it", "pt", "ru")

_PARTS = ("test", "valid", "train")
_ABSENT = -1


class Muavic(Dataset):
    """Reads MuAViC, a split for each language, such as ``es-test``. Segments of one talk are one group."""

    name = "muavic"
    title = "MuAViC: multilingual audio-visual corpus"
    licence = "CC BY-NC 4.0; talks CC BY-NC-ND"
    url = "https://github.com/facebookresearch/muavic"
    splits = tuple(f"{language}-{part}" for language in LANGUAGES for part in _PARTS)

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the clips of a manifest in its order. Raises CommandError where it is missing or malformed."""
        root = Path(root or ".")
        try:
            rows = _rows(_manifest(root, split))[:limit]
            texts = _texts(_manifest(root, split))
        except ClipError as e:
            raise CommandError(str(e)) from e
        return [_clip(root, split, row, texts[n] if n < len(texts) else None) for n, row in enumerate(rows)]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed, for every manifest that is there: rows, media, counts of transcripts."""
        manifests = [split for split in self.splits if _manifest(root, split).exists()]
        if not manifests:
            yield Problem(str(root), "no <lang>/<split>.tsv there", "give the folder that holds en, ar, de, ...")
        for split in manifests:
            path = _manifest(root, split)
            try:
                rows, texts = _rows(path), _texts(path)
            except ClipError as e:
                yield from_error(e)
                continue
            if len(texts) != len(rows):
                language = split.partition("-")[0]
                what = f"{len(texts)} transcripts for {len(rows)} clips"
                yield Problem(str(path.with_suffix(f".{language}")), what, "make the manifest and its text again")
            yield from check_twice(path, (row.id for row in rows))
            for row in rows:
                clip = _clip(root, split, row, None)
                if isinstance(clip, Unusable):
                    yield Problem(str(path), f"{clip.id}: {clip.reason}", "make the segment again, or remove the row")
                    continue
                if clip.video is not None:
                    yield from check_media(clip.video.path, sound=clip.speech in (None, clip.video))
                if clip.speech not in (None, clip.video):
                    yield from check_sound(clip.speech.path)


MUAVIC = Muavic()


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    video: str
    audio: str
    frames: int
    samples: int


def _manifest(root: Path, split: str) -> Path:
    language, _, part = split.partition("-")
    for base in (root, root / "muavic"):
        if (base / language).is_dir():
            return base / language / f"{part}.tsv"
    return root / language / f"{part}.tsv"


def _rows(path: Path) -> list[_Row]:
    rows: list[_Row] = []
    for number, line in enumerate(read_lines(path)[1:], 2):
        if not line.strip():
            continue
        try:
            name, video, audio, frames, samples = line.split("\t")
            rows.append(_Row(name, video, audio, int(frames), int(samples)))
        except ValueError as e:
            message = (
                f"{path}:{number}: needs five columns: id, video, audio, video frames, audio samples; make it again"
            )
            raise ClipError(message) from e
    return rows


def _texts(path: Path) -> list[str]:
    """Return the transcripts beside a manifest, in its order; none where there is no such file."""
    for text in (path.with_suffix(f".{path.parent.name}"), path.with_suffix(".wrd")):
        if text.exists():
            return [clean(line) for line in read_lines(text)]
    return []


def _found(root: Path, split: str, name: str) -> Path | None:
    """Return the file a manifest names: as written, or its last parts (``audio/test/<talk>/<segment>``) below ``root``."""
    parts = PurePosixPath(name).parts[-4:]
    base = _manifest(root, split).parent
    return next((path for path in (base.parent / name, base.joinpath(*parts)) if path.is_file()), None)


def _clip(root: Path, split: str, row: _Row, text: str | None) -> Clip | Unusable:
    video, audio = _found(root, split, row.video), _found(root, split, row.audio)
    for kind, count, path, name in (("video", row.frames, video, row.video), ("audio", row.samples, audio, row.audio)):
        if count == _ABSENT:
            return Unusable(row.id, f"its manifest says that the {kind} could not be made (-1)")
        if path is None:
            return Unusable(row.id, f"its manifest names {name}, which is not there")
    assert video is not None
    assert audio is not None
    group = PurePosixPath(row.video).parent.name
    return Clip(id=row.id, video=Recording(video), face="frame", speech=Recording(audio), group=group, transcript=text)
