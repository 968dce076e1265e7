"""LRS-VoxMM: conversations from many domains in LRS3's form (arXiv:2604.27866).

Layout::

    original/{train,test}/<video>/<segment>.{mp4,wav,txt}
    <variant>/{train,test}/<video>/<segment>.wav          four distorted copies of the speech

``root`` is the folder with ``original``, or the one above it. The larger part, which the paper calls dev, lies in
``train``. ASSUMED: the variants' folders are called ``noise-easy``, ``noise-hard``, ``combined-easy`` and
``combined-hard``; each is a split such as ``test-noise-easy``, whose video and text are the original's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from syncbench.clip import Clip, Recording
from syncbench.dataset import Dataset, Problem, Unusable
from syncbench.datasets.checks import check_media, check_sound, from_error
from syncbench.datasets.transcripts import optional, read_lrs
from syncbench.errors import ClipError, CommandError

__all__ = ["LRS_VOXMM", "LrsVoxmm"]

_ORIGINAL = "original"
_PARTS = ("test", "train")
_VARIANTS = ("noise-easy", "noise-hard", "combined-easy", "combined-hard")


class LrsVoxmm(Dataset):
    """Reads LRS-VoxMM. Ids are ``<video>/<segment>``; segments of one video are one group."""

    name = "lrs-voxmm"
    title = "LRS-VoxMM"
    licence = "CC BY 4.0, for research, by request form"
    url = "https://mm.kaist.ac.kr"
    splits = (*_PARTS, *(f"{part}-{variant}" for part in _PARTS for variant in _VARIANTS))

    def clips(
        self, root: Path | None, split: str, limit: int | None = None, seed: int = 0
    ) -> Sequence[Clip | Unusable]:
        """Return the clips of a split, by video and segment. Raises CommandError where its folder is not there."""
        base = _base(root)
        part, _, variant = split.partition("-")
        if variant and not (base / variant / part).is_dir():
            raise CommandError(f"{base / variant / part}: no such folder; fetch the distorted speech of '{variant}'")
        return [_clip(base, variant, video) for video in islice(_videos(base, part), limit)]

    def problems(self, root: Path) -> Iterator[Problem]:
        """Yield what is missing or malformed: folders, media, transcripts, distorted copies that lack clips."""
        try:
            base = _base(root)
        except CommandError as e:
            yield from_error(e)
            return
        variants = [variant for variant in _VARIANTS if (base / variant).is_dir()]
        for part in _PARTS:
            if not (base / _ORIGINAL / part).is_dir():
                yield Problem(str(base / _ORIGINAL / part), "no such folder", "fine where the split is not wanted")
                continue
            for video in _videos(base, part):
                wav = video.with_suffix(".wav")
                yield from check_media(video, sound=not wav.exists())
                for sound in (wav, *(_distorted(base, variant, video) for variant in variants)):
                    if sound.exists() or sound != wav:
                        yield from check_sound(sound)
                try:
                    read_lrs(video.with_suffix(".txt"))
                except ClipError as e:
                    yield from_error(e)


LRS_VOXMM = LrsVoxmm()


def _base(root: Path | None) -> Path:
    root = Path(root or ".")
    for base in (root, root / "lrs-voxmm"):
        if (base / _ORIGINAL).is_dir():
            return base
    raise CommandError(f"{root}: no {_ORIGINAL}/{{train,test}} there; give the folder that holds {_ORIGINAL}")


def _videos(base: Path, part: str) -> Iterator[Path]:
    folder = base / _ORIGINAL / part
    if not folder.is_dir():
        raise CommandError(f"{folder}: no such folder; unpack the split there")
    for source in sorted(p for p in folder.iterdir() if p.is_dir()):
        yield from sorted(p for p in source.iterdir() if p.suffix.lower() == ".mp4")


def _distorted(base: Path, variant: str, video: Path) -> Path:
    return base / variant / video.relative_to(base / _ORIGINAL).with_suffix(".wav")


def _clip(base: Path, variant: str, video: Path) -> Clip | Unusable:
    name = f"{video.parent.name}/{video.stem}"
    audio = _distorted(base, variant, video) if variant else video.with_suffix(".wav")
    if variant and not audio.exists():
        return Unusable(name, f"{variant} has no {audio.relative_to(base / variant)}")
    spoken = optional(read_lrs, video.with_suffix(".txt"))
    return Clip(
        id=name,
        video=Recording(video),
        face="frame",
        speech=Recording(audio if audio.exists() else video),
        group=video.parent.name,
        transcript=spoken.text if spoken else None,
        words=spoken.words if spoken else (),
    )
