"""What is kept of a clip's answer and measurements, and how it is written down."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from syncbench import media
from syncbench.answer import Answer, AudioVisual, Spans, Speech, Text, Video
from syncbench.clip import SAMPLE_RATE, Clip, Frames, Recording, Target, Waveform, Word
from syncbench.files import digest, file_hash, read_arrays, replacing, write_arrays, write_text
from syncbench.measurement import Measurement
from syncbench.task import Task

__all__ = [
    "changed_files",
    "clip_from_json",
    "clip_to_json",
    "file_stem",
    "hashes_of",
    "keep_answer",
    "keep_measurement",
    "load_measurement",
    "record_key",
]

_INSIDE = "run:"


def file_stem(clip: str, condition: str = "") -> str:
    """Return a file name for a clip id: readable, safe on any file system, and different for different ids."""
    plain = re.sub(r"[^A-Za-z0-9._+-]+", "_", clip).strip("._") or "clip"
    tag = hashlib.sha256(f"{clip}\0{condition}".encode()).hexdigest()[:8]
    return f"{plain[:80]}-{tag}"


def keep_answer(
    answer: Answer, clip: Clip, task: Task, run: Path, condition: str, speech: Callable[[], Waveform | None]
) -> Clip:
    """Write what a system answered under ``run/outputs`` and return it as a clip: with what it gave, and nothing else.

    What the task keeps of the given stands in for what the answer does not bring. A video made in memory is written as
    mp4 with its speech (``speech`` gives the given one), for people to watch; scores take the speech from where it came, so
    that it is not encoded a second time.
    """
    stem = run / "outputs" / file_stem(clip.id, condition)
    kept: dict[str, Any] = {}
    if isinstance(answer, Speech | AudioVisual):
        kept["speech"] = _keep_speech(answer.speech, stem)
    if isinstance(answer, Video | AudioVisual):
        own = answer.speech if isinstance(answer, AudioVisual) and isinstance(answer.speech, np.ndarray) else None
        kept["video"] = _keep_video(answer.video, stem, speech if own is None else lambda: own)
    if isinstance(answer, AudioVisual) and answer.said is not None:
        kept["transcript"] = answer.said
    if isinstance(answer, Text):
        write_text(stem.with_name(f"{stem.name}.txt"), answer.text + "\n")
        kept["transcript"] = answer.text
    if isinstance(answer, Spans):
        kept["words"] = answer.spans
    for part in task.kept - kept.keys():
        kept[part] = getattr(clip, part)
    extras: dict[str, Path] = {}
    if kept.get("video") == clip.video:  # what is known of the clip's own video holds for an answer that shows it
        extras = {part: path for part, path in clip.extras.items() if part == "landmarks"}
    if answer.traces:
        traces = {name: np.asarray(trace) for name, trace in answer.traces.items()}
        extras["traces"] = write_arrays(stem.with_name(f"{stem.name}.npz"), traces)
    return Clip(
        clip.id, face=clip.face, speaker=clip.speaker, group=clip.group, extras=extras, private=clip.private, **kept
    )


def _keep_video(
    video: Frames | Iterator[Frames] | Path | Recording, stem: Path, speech: Callable[[], Waveform | None]
) -> Recording:
    if isinstance(video, Recording):
        return video
    if isinstance(video, Path):
        return Recording(video)
    return Recording(media.write_video(stem.with_name(f"{stem.name}.mp4"), video, speech()))


def _keep_speech(speech: Waveform | Path | Recording, stem: Path) -> Recording:
    if isinstance(speech, Recording):
        return speech
    if isinstance(speech, Path):
        return Recording(speech)
    path = stem.with_name(f"{stem.name}.wav")
    with replacing(path) as temporary:
        soundfile.write(temporary, speech.astype(np.float32), SAMPLE_RATE, subtype="FLOAT", format="WAV")
    return Recording(path)


def _files(clip: Clip) -> Iterator[Path]:
    for recording in (clip.video, clip.speech, clip.voice):
        if recording is not None:
            yield recording.path
    yield from clip.extras.values()


def _name(path: Path, run: Path) -> str:
    """Return a path as it is written down: relative where it lies inside the run, so that a run can be moved."""
    return _INSIDE + path.relative_to(run).as_posix() if path.is_relative_to(run) else str(path)


def _path(text: str, run: Path) -> Path:
    return run / text.removeprefix(_INSIDE) if text.startswith(_INSIDE) else Path(text)


def clip_to_json(clip: Clip, run: Path) -> dict[str, Any]:
    """Write a clip down; files inside the run relative to it."""

    def recording(taken: Recording | None) -> list[Any] | None:
        return None if taken is None else [_name(taken.path, run), taken.start, taken.end]

    return {
        "id": clip.id,
        "video": recording(clip.video),
        "face": clip.face,
        "speech": recording(clip.speech),
        "speaker": clip.speaker,
        "group": clip.group,
        "transcript": clip.transcript,
        "words": [[word.text, word.start, word.end] for word in clip.words],
        "target": None if clip.target is None else dataclasses.asdict(clip.target),
        "voice": recording(clip.voice),
        "extras": {part: _name(path, run) for part, path in clip.extras.items()},
        "real": clip.real,
        **({"private": True} if clip.private else {}),
    }


def clip_from_json(record: Mapping[str, Any], run: Path) -> Clip:
    """Read back what ``clip_to_json`` wrote."""

    def recording(written: list[Any] | None) -> Recording | None:
        return None if written is None else Recording(_path(written[0], run), written[1], written[2])

    return Clip(
        id=record["id"],
        video=recording(record["video"]),
        face=record["face"],
        speech=recording(record["speech"]),
        speaker=record["speaker"],
        group=record["group"],
        transcript=record["transcript"],
        words=tuple(Word(*word) for word in record["words"]),
        target=None if record["target"] is None else Target(**record["target"]),
        voice=recording(record["voice"]),
        extras={part: _path(text, run) for part, text in record["extras"].items()},
        real=record["real"],
        private=record.get("private", False),
    )


def hashes_of(clips: tuple[Clip, ...], run: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of the clips, by its name as written down."""
    return {_name(path, run): file_hash(path) for clip in clips for path in _files(clip)}


def changed_files(hashes: Mapping[str, str], run: Path) -> list[str]:
    """Return, a line each, the files that are gone or hold other bytes than when they were hashed."""
    found: list[str] = []
    for name, known in hashes.items():
        path = _path(name, run)
        try:
            if file_hash(path) != known:
                found.append(f"{path} holds other bytes than when it was answered with or measured")
        except OSError:
            found.append(f"{path} is gone")
    return found


def record_key(record: Mapping[str, Any]) -> str:
    """Return the hash of an answer's record: of what was answered, byte by byte, and of the clip it is held against."""
    kept = {name: record[name] for name in ("reference", "output", "files")}
    return digest(json.dumps(kept, sort_keys=True, ensure_ascii=False))


def keep_measurement(measurement: Measurement, run: Path, metric: str, stem: str) -> dict[str, Any]:
    """Write a measurement down: numbers in the journal itself, arrays in ``run/measurements`` beside it."""
    numbers: dict[str, float | int] = {}
    arrays: dict[str, NDArray[Any]] = {}
    for name, value in measurement.sums().items():
        if isinstance(value, np.ndarray) and value.ndim:
            arrays[name] = value
        else:
            numbers[name] = int(value) if isinstance(value, int | np.integer) else float(value)
    if not arrays:
        return {"numbers": numbers}
    path = write_arrays(run / "measurements" / metric / f"{stem}.npz", arrays)
    return {"numbers": numbers, "arrays": path.relative_to(run).as_posix()}


def load_measurement(kind: type[Measurement], record: Mapping[str, Any], run: Path) -> Measurement:
    """Read back what ``keep_measurement`` wrote."""
    sums: dict[str, Any] = dict(record["numbers"])
    if "arrays" in record:
        sums |= read_arrays(run / record["arrays"])
    return kind.of(sums)
