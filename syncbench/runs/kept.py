"""What is kept of a clip's answer and measurements, and how it is written down."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from syncbench import media
from syncbench.contracts import SAMPLE_RATE, Answer, Clip, Measurement, Word

__all__ = [
    "clip_from_json",
    "clip_to_json",
    "file_stem",
    "keep_answer",
    "keep_arrays",
    "keep_measurement",
    "load_measurement",
]

_INSIDE = "run:"


def file_stem(clip: str, condition: str = "") -> str:
    """Return a file name for a clip id: readable, safe on any file system, and different for different ids."""
    plain = re.sub(r"[^A-Za-z0-9._+-]+", "_", clip).strip("._") or "clip"
    tag = hashlib.sha256(f"{clip}\0{condition}".encode()).hexdigest()[:8]
    return f"{plain[:80]}-{tag}"


def keep_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> Path:
    """Write arrays as npz, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.savez(file, **dict(arrays))  # type: ignore[arg-type]
    temporary.replace(path)
    return path


def keep_answer(answer: Answer, clip: Clip, run: Path, condition: str = "") -> Clip:
    """Write what a system answered under ``run/outputs`` and return it as a clip.

    A video made in memory is written as mp4 with its speech, for people to watch; scores take the speech from where it
    came, so that it is not encoded a second time.
    """
    stem = run / "outputs" / file_stem(clip.id, condition)
    stem.parent.mkdir(parents=True, exist_ok=True)
    kept: dict[str, Any] = {}
    if isinstance(answer.speech, Path):
        kept.update(audio=answer.speech, audio_start=0.0)
    elif answer.speech is not None:
        path = stem.with_name(f"{stem.name}.wav")
        temporary = stem.with_name(f"{stem.name}.tmp.wav")
        soundfile.write(temporary, answer.speech, SAMPLE_RATE, subtype="FLOAT")
        temporary.replace(path)
        kept.update(audio=path, audio_start=0.0)
    video: Path | None = None
    if isinstance(answer.video, Path):
        video = None if answer.video == clip.video else answer.video
    elif answer.video is not None:
        video = stem.with_name(f"{stem.name}.mp4")
        speech = answer.speech if isinstance(answer.speech, np.ndarray) else clip.speech(len(answer.video))
        media.write_video(video, answer.video, speech)
    if video is not None:
        begins = clip.start if clip.audio_start is None else clip.audio_start
        own_speech = {"audio": clip.audio or clip.video, "audio_start": begins}
        kept = own_speech | kept | {"video": video, "start": 0.0, "end": None}
    if answer.text is not None:
        stem.with_name(f"{stem.name}.txt").write_text(answer.text + "\n", encoding="utf-8")
        kept["transcript"] = answer.text
        kept["words"] = ()
    extras = {role: path for role, path in clip.extras.items() if not ("video" in kept and role == "landmarks")}
    if answer.traces:
        extras["traces"] = keep_arrays(stem.with_name(f"{stem.name}.npz"), answer.traces)
    return dataclasses.replace(clip, extras=extras, **kept)


def clip_to_json(clip: Clip, run: Path) -> dict[str, Any]:
    """Write a clip down; files inside the run relative to it, so that a run can be moved."""

    def file(path: Path | None) -> str | None:
        if path is None:
            return None
        return _INSIDE + path.relative_to(run).as_posix() if path.is_relative_to(run) else str(path)

    record = {f.name: getattr(clip, f.name) for f in dataclasses.fields(clip)}
    return record | {
        "video": file(clip.video),
        "audio": file(clip.audio),
        "words": [[word.text, word.start, word.end] for word in clip.words],
        "extras": {role: file(path) for role, path in clip.extras.items()},
    }


def clip_from_json(record: Mapping[str, Any], run: Path) -> Clip:
    """Read back what ``clip_to_json`` wrote."""

    def file(text: str | None) -> Path | None:
        if text is None:
            return None
        return run / text.removeprefix(_INSIDE) if text.startswith(_INSIDE) else Path(text)

    extras = {role: path for role, text in record["extras"].items() if (path := file(text)) is not None}
    words = tuple(Word(*word) for word in record["words"])
    return Clip(
        **{**record, "video": file(record["video"]), "audio": file(record["audio"]), "words": words, "extras": extras}
    )


def keep_measurement(measurement: Measurement, run: Path, metric: str, stem: str) -> dict[str, Any]:
    """Write a measurement down: numbers in the journal itself, arrays in ``run/measurements`` beside it."""
    numbers: dict[str, float | int] = {}
    arrays: dict[str, NDArray[Any]] = {}
    for field in dataclasses.fields(measurement):
        value = getattr(measurement, field.name)
        if isinstance(value, np.ndarray) and value.ndim:
            arrays[field.name] = value
        else:
            numbers[field.name] = int(value) if isinstance(value, int | np.integer) else float(value)
    if not arrays:
        return {"numbers": numbers}
    path = keep_arrays(run / "measurements" / metric / f"{stem}.npz", arrays)
    return {"numbers": numbers, "arrays": path.relative_to(run).as_posix()}


def load_measurement(kind: type[Measurement], record: Mapping[str, Any], run: Path) -> Measurement:
    """Read back what ``keep_measurement`` wrote."""
    fields: dict[str, Any] = dict(record["numbers"])
    if "arrays" in record:
        with np.load(run / record["arrays"], allow_pickle=False) as file:
            fields.update({name: file[name] for name in file.files})
    return kind(**fields)
