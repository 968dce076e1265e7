"""Clips to look at: the worst and best of a run, with their media copied beside the page."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from syncbench import media
from syncbench.contracts import Clip, Score
from syncbench.errors import ClipError
from syncbench.reports.text import file_name
from syncbench.runs import Run

__all__ = ["Exhibit", "chosen", "exhibit", "headline", "labels"]

# Codecs every current browser plays in these containers; anything else is written anew as H.264.
_PLAYABLE = {".mp4": {"h264", "av1", "vp9"}, ".webm": {"vp8", "vp9", "av1"}, ".m4v": {"h264"}}
_HEADLINES = ("lse_c", "wer", "psnr")
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


def labels(scores: Sequence[Score]) -> dict[tuple[str, str], str]:
    """Return (family, score) -> title, with the family's name where two families share a title."""
    titles = {(score.metric, score.name): score.title for score in scores}
    shared = [title for title in titles.values() if list(titles.values()).count(title) > 1]
    return {key: f"{title} ({key[0]})" if title in shared else title for key, title in titles.items()}


def headline(run: Run) -> Score | None:
    """Return the score clips are sorted by: the first known one, else the first with a better direction and a value."""
    usable = [s for s in run.summary.scores if s.value is not None and s.direction != "none"]
    named = [s for name in _HEADLINES for s in usable if s.name == name]
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
    real = _show(reference, run.path, folder, trouble) if reference.video else ""
    generated = run.manifest.task != "avsr" and output.video is not None
    made = _show(output, run.path, folder, trouble) if generated else ""
    try:
        speech = output.speech()
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
        heard=output.transcript if run.manifest.task == "avsr" else None,
        speech=speech,
        scores=_clip_scores(run.summary.scores, rows),
        curves=run.curves(clip, condition),
        traces=run.traces(clip, condition),
        trouble="; ".join(dict.fromkeys(trouble)),
    )


def _clip_scores(scores: Sequence[Score], rows: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    known = {(score.metric, score.name): score for score in scores}
    titles = labels(scores)
    found: list[tuple[str, str]] = []
    for metric, name, value in zip(rows["metric"], rows["score"], rows["value"], strict=True):
        score = known.get((str(metric), str(name)))
        if score is not None and not np.isnan(value):
            found.append(
                (titles[score.metric, score.name], f"{value:.{score.digits}f}{' ' + score.unit if score.unit else ''}")
            )
    return tuple(found)


def _show(clip: Clip, run: Path, folder: Path, trouble: list[str]) -> str:
    """Return the address of a file browsers can play, made under ``folder``; empty where the clip cannot be read.

    The name is the hash of what it shows, so that the same real clip is kept once for all systems.
    """
    assert clip.video is not None
    try:
        whole = clip.audio in (None, clip.video) and clip.start == 0 and clip.end is None and not clip.audio_start
        whole = whole or clip.video.is_relative_to(run / "outputs")  # kept with its speech, for people to watch
        plays = whole and _codec(clip.video) in _PLAYABLE.get(clip.video.suffix.lower(), set())
        span = f"{clip.video.resolve()}\0{clip.audio}\0{clip.start}\0{clip.end}\0{clip.audio_start}"
        stamp = clip.video.stat()
        tag = hashlib.sha256(f"{span}\0{stamp.st_size}\0{stamp.st_mtime_ns}".encode()).hexdigest()[:12]
        path = folder / f"{file_name(clip.id)}-{tag}{clip.video.suffix.lower() if plays else '.mp4'}"
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            if plays:
                shutil.copyfile(clip.video, path)
            else:
                frames = clip.frames()
                media.write_video(path, frames, clip.speech(len(frames)))
    except (ClipError, OSError) as error:
        trouble.append(str(error))
        return ""
    return f"{folder.name}/{path.name}"


def _codec(path: Path) -> str:
    import av
    import av.error

    try:
        with av.open(str(path)) as container:
            return container.streams.video[0].codec_context.name
    except (av.error.FFmpegError, IndexError) as error:
        raise ClipError(f"{path}: cannot be read: {error}") from error
