"""Clips to look at: the worst and best of a run, with their media copied beside the page."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from syncbench import media, registry
from syncbench.clip import Clip, Recording
from syncbench.errors import ClipError, CommandError
from syncbench.files import digest, file_hash
from syncbench.metric import Score
from syncbench.reports.tables.titles import score_labels
from syncbench.reports.text import file_name
from syncbench.runs import Run

__all__ = ["Exhibit", "chosen", "exhibit", "headline"]

# Codecs every current browser plays in these containers; anything else is written anew as H.264.
_PLAYABLE = {".mp4": {"h264", "av1", "vp9"}, ".webm": {"vp8", "vp9", "av1"}, ".m4v": {"h264"}}
EACH = 3
"""How many of the worst and of the best."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One clip on show.

    Attributes:
        clip, speaker, condition: which.
        place: ``worst`` or ``best``, by the headline score.
        real, made: files relative to the page: the real video and the answer; empty where there is none.
        said, heard: the transcript, and the words a recogniser heard; None where unknown.
        speech: float32 [N] of the answer; empty where it cannot be read.
        scores: (title, value with unit) of this clip.
        curves: name -> per-frame values of metrics [n] or [n, k].
        traces: name -> what the system left: [n] over time, or [n, k].
        trouble: why media could not be shown.
    """

    clip: str
    speaker: str
    condition: str
    place: str
    real: str = ""
    made: str = ""
    said: str | None = None
    heard: str | None = None
    speech: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    scores: tuple[tuple[str, str], ...] = ()
    curves: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    traces: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    trouble: str = ""


def headline(run: Run) -> Score | None:
    """Return the score clips are sorted by: the first of its task's, else the first with a better way and a value."""
    usable = [s for s in run.summary.scores if s.value is not None and s.direction != "none"]
    try:
        names = registry.task(run.manifest.task).headline
    except CommandError:  # the task's plugin is not installed here
        names = ()
    named = [s for name in names for s in usable if s.name == name]
    return next(iter([*named, *usable]), None)


def chosen(run: Run, each: int = EACH) -> list[tuple[str, str]]:
    """Return (clip, ``worst`` or ``best``): the worst ``each`` first, then the best, none twice."""
    score = headline(run)
    if score is None:
        return []
    rows = run.to_pandas()
    rows = rows[
        (rows["metric"] == score.metric) & (rows["score"] == score.name) & (rows["condition"] == score.condition)
    ].dropna(subset=["value"])
    rows = rows.sort_values(["value", "clip"], ascending=[score.direction == "higher", True])
    clips = [str(clip) for clip in rows["clip"]]
    worst = clips[: min(each, (len(clips) + 1) // 2)]
    best = [clip for clip in reversed(clips[-each:]) if clip not in worst]
    return [(clip, "worst") for clip in worst] + [(clip, "best") for clip in best]


def exhibit(run: Run, clip: str, place: str, condition: str, folder: Path, rows: pd.DataFrame) -> Exhibit:
    """Copy one clip's media to ``folder`` (which lies beside the page) and gather what is known of it.

    ``rows`` are the run's rows of this clip and condition. A file that cannot be read is told in ``trouble``.
    """
    reference, output = run.reference(clip, condition), run.output(clip, condition)
    trouble: list[str] = []
    if reference.private:
        reference, output = replace(reference, video=None), replace(output, video=None)
        trouble.append("pictures of these people may not be shown")
    real = _show(reference, run.path, folder, trouble)
    made = _show(output, run.path, folder, trouble)
    heard = output if output.speech is not None else reference
    try:
        speech = media.clip_speech(heard)
    except ClipError as error:
        speech = np.zeros(0, np.float32)
        trouble.append(str(error))
    return Exhibit(
        clip=clip,
        speaker=reference.speaker,
        condition=condition,
        place=place,
        real=real,
        made=made,
        said=reference.transcript,
        heard=output.transcript,
        speech=speech,
        scores=_clip_scores(run.summary.scores, rows),
        curves=run.curves(clip, condition),
        traces=run.traces(clip, condition),
        trouble="; ".join(dict.fromkeys(trouble)),
    )


def _clip_scores(scores: Sequence[Score], rows: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    known = {(score.metric, score.name): score for score in scores}
    titles = score_labels(scores)
    found: list[tuple[str, str]] = []
    for metric, name, value in zip(rows["metric"], rows["score"], rows["value"], strict=True):
        score = known.get((str(metric), str(name)))
        if score is not None and not np.isnan(value):
            found.append(
                (titles[score.metric, score.name], f"{value:.{score.digits}f}{' ' + score.unit if score.unit else ''}")
            )
    return tuple(found)


def _show(clip: Clip, run: Path, folder: Path, trouble: list[str]) -> str:
    """Return the address of a file browsers can play, made under ``folder``; empty where the clip shows nothing.

    The name is the hash of what it shows, so that the same real clip is kept once for all systems.
    """
    if clip.video is None and clip.speech is None:
        return ""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        tag = digest(*(_key(recording) for recording in (clip.video, clip.speech)))[:12]
        stem = folder / f"{file_name(clip.id)}-{tag}"
        if clip.video is None:
            path = stem.with_suffix(".wav")
            if not path.exists():
                media.write_wav(path, media.clip_speech(clip))
        elif _plays(clip, run):
            path = stem.with_suffix(clip.video.path.suffix.lower())
            if not path.exists():
                shutil.copyfile(clip.video.path, path)
        else:
            path = stem.with_suffix(".mp4")
            if not path.exists():
                footage = media.clip_footage(clip)
                speech = media.clip_speech(clip, len(footage)) if clip.speech else None
                media.write_video(path, (footage[span] for span in media.spans(footage)), speech)
    except (ClipError, OSError) as error:
        trouble.append(str(error))
        return ""
    return f"{folder.name}/{path.name}"


def _key(recording: Recording | None) -> str:
    if recording is None:
        return ""
    return f"{file_hash(recording.path)} {recording.start} {recording.end}"


def _plays(clip: Clip, run: Path) -> bool:
    """Return whether the clip's video file, as it is, shows and says what the clip does, in any browser."""
    assert clip.video is not None
    path = clip.video.path
    kept = path.is_relative_to(run / "outputs")  # with its speech, for people to watch
    alone = clip.speech in (None, clip.video) and clip.video == Recording(path)
    return (kept or alone) and media.codec(path) in _PLAYABLE.get(path.suffix.lower(), set())
