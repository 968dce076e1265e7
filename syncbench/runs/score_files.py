"""Scores of one video, with or without the real one beside it: no dataset, no run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from syncbench import media, registry
from syncbench._version import __version__
from syncbench.clip import FPS, Clip, Recording
from syncbench.errors import ClipError, CommandError, Unavailable, one_line
from syncbench.faces.choice import check_face
from syncbench.feature import Features
from syncbench.features.frames import LENGTH
from syncbench.files import cache_folder
from syncbench.metric import Metric, Score, ScoreSpec
from syncbench.runs.plan import faces_of, family_of
from syncbench.runs.request import MIN_COVERAGE
from syncbench.runs.work import alone, enough, measured, with_face
from syncbench.signature import signature
from syncbench.task import TALKING_FACE

__all__ = ["Scored", "open_clip", "score_files"]


@dataclass(frozen=True, slots=True)
class Scored:
    """What was found in one video.

    Attributes:
        scores: of every family that was asked, in the order of tables; a value of None with its reason.
        speech: the file whose sound was taken as speech.
        face: which face was measured, as ``Clip.face`` says it.
        remarks: what a reader should know before quoting a number.
    """

    scores: tuple[Score, ...]
    speech: Path | None
    face: str
    remarks: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        """Return a score by its name. Raises KeyError where it was not asked, ClipError where it could not be measured."""
        found = next((score for score in self.scores if score.name == name), None)
        if found is None:
            raise KeyError(name)
        if found.value is None:
            raise ClipError(f"{name}: {found.reason}")
        return found.value


def score_files(
    video: str | os.PathLike[str],
    reference: str | os.PathLike[str] | None = None,
    text: str | None = None,
    face: str = "auto",
    metrics: Sequence[str] = (),
) -> Scored:
    """Measure one video: ``score_files("generated.mp4", "real.mp4")["lse_c"]``.

    The speech is the video's own; where it is silent, the reference's.

    Args:
        video: of a talking face, any size.
        reference: the real video of the same speech; without it only scores are given that need none.
        text: the words said, for the scores that read lips. Nobody knows what a video says: it has no word error rate.
        face: which face of a picture with several: see :mod:`syncbench.faces.choice`.
        metrics: families or scores; empty for all that can be measured on one video.

    Raises:
        CommandError: no such metric, one that measures no talking faces, or a face that says nothing.
        ClipError: a file that cannot be read, or shows no picture.
    """
    check_face(face)
    video, reference = Path(video), None if reference is None else Path(reference)
    families = _families(metrics, reference is not None)
    lengths = [_frames(path) for path in (video, reference) if path is not None]
    sound = next((path for path in (video, reference) if path is not None and media.has_speech(path)), None)
    speech = None if sound is None else Recording(sound)
    made = Clip(video.stem, Recording(video), speech, face=face)
    real = None if reference is None else Recording(reference)
    truth = Clip(video.stem, real, speech, transcript=text, real=real is not None, face=face)
    folder = cache_folder() / "features"
    with alone(0):
        output, known = (Features(with_face(Features(clip, folder)), folder) for clip in (made, truth))
        whole = known if real is not None else output
        scores = [score for family in families for score in _scores(family, whole, known, output)]
        remarks = tuple(_remarks(video, reference, sound, lengths, output.clip.face))
    return Scored(tuple(scores), sound, output.clip.face, remarks)


def _frames(path: Path) -> int:
    """Return how many frames a video has. Raises ClipError where it is none, before anything is measured."""
    return int(Features(Clip(path.stem, Recording(path)), cache_folder() / "features")[LENGTH])


def _remarks(
    video: Path, reference: Path | None, sound: Path | None, lengths: Sequence[int], face: str
) -> Iterator[str]:
    if sound is None:
        yield f"{video} has no sound" if reference is None else f"neither {video} nor {reference} has sound"
    elif sound != video:
        yield f"{video} is silent: the speech is that of {reference}"
    if ":" in face:
        yield f"of several faces the one at {face} was measured"
    if min(lengths) < MIN_COVERAGE * max(lengths):
        yield f"{video} has {lengths[0]} frames, {reference} {lengths[1]}: only the first {min(lengths)} are compared"


@contextmanager
def open_clip(video: Path, face: str = "auto") -> Iterator[Features]:
    """Give the features of one video with its own speech, its face placed, on one thread as a run computes them.

    Raises ClipError where it has no picture or no sound.
    """
    check_face(face)
    _frames(video)
    if not media.has_speech(video):
        raise ClipError(f"{video} has no sound, or a silent one: there is nothing for lips to be in sync with")
    folder = cache_folder() / "features"
    with alone(0):
        recording = Recording(video)
        clip = Clip(video.stem, recording, recording, face=face)
        yield Features(with_face(Features(clip, folder)), folder)


def _families(wanted: Sequence[str], real: bool) -> list[Metric]:
    known = registry.metrics()
    if wanted:
        chosen = {name if name in known else family_of(name, known) for name in wanted}
        for name in sorted(chosen):
            if not known[name].applies(TALKING_FACE):
                raise CommandError(
                    f"'{name}' measures {' and '.join(sorted(known[name].inputs))}, which no video of a talking face "
                    "answers with: run a recogniser with syncbench run"
                )
    else:
        chosen = {
            name
            for name, metric in known.items()
            if metric.applies(TALKING_FACE)
            and not metric.on_request
            and not metric.traces
            and metric.measurement.resamplable()
        }
    families = sorted((known[name] for name in chosen), key=lambda metric: (metric.order, metric.name))
    return [metric for metric in families if wanted or real or not all(spec.reference for spec in metric.scores)]


def _scores(metric: Metric, whole: Features, reference: Features, output: Features) -> list[Score]:
    values: dict[str, float] = {}
    withheld: Mapping[str, str] = {}
    coverage: float | None = None
    reason = metric.unavailable() or metric.unsuited(reference.clip) or ""
    if not reason:
        try:
            found = measured(metric, whole, reference, output)
            measurement, withheld = enough(found.measurement, MIN_COVERAGE), found.withheld
            with np.errstate(divide="ignore", invalid="ignore"):
                values = {name: float(value) for name, value in measurement.scores().items()}
            coverage = measurement.coverage
        except (ClipError, Unavailable) as error:
            reason = one_line(error)
    face = {"face": faces_of([output.clip])} if output.clip.face != "frame" else {}
    missing = "" if reference.clip.real else "needs the real video of the same speech"
    return [
        _score(
            spec,
            metric,
            face,
            values.get(spec.name),
            coverage,
            reason or (missing if spec.reference else ""),
            withheld.get(spec.name, ""),
        )
        for spec in metric.scores
    ]


def _score(
    spec: ScoreSpec, metric: Metric, face: dict[str, str], value: float | None, coverage: float | None, reason: str,
    withheld: str,
) -> Score:  # fmt: skip
    known = None if value is None or np.isnan(value) else value
    return Score(
        name=spec.name, metric=metric.name, condition="", value=known, low=None, high=None, n=int(known is not None),
        failed=int(known is None and not withheld), withheld=int(bool(withheld)), title=spec.title, unit=spec.unit,
        direction=spec.direction, digits=spec.digits,
        signature=signature(spec.name, {**metric.settings, **face, "dataset": "file", "fps": str(FPS), "v": __version__}),
        reason=reason or (f"withheld: {withheld}" if withheld else "" if known is not None else "nothing to count"),
        headline=spec.headline, coverage=0.0 if withheld and coverage is not None else coverage,
    )  # fmt: skip
