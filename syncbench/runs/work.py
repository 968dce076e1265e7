"""One clip, start to end: answer it, compute its features, measure it. What a worker process does."""

from __future__ import annotations

import dataclasses
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from syncbench import media, registry
from syncbench.answer import check_answer
from syncbench.clip import Clip, Recording, Waveform
from syncbench.corruptions.apply import clip_seed, corrupt
from syncbench.corruptions.conditions import CLEAN
from syncbench.corruptions.corruption import Scene
from syncbench.errors import ClipError, CommandError, Unavailable, debugging, one_line
from syncbench.feature import Features
from syncbench.features.frames import FOOTAGE, LENGTH
from syncbench.features.speech import SPEECH, SPEECH_LENGTH
from syncbench.files import write_arrays
from syncbench.measurement import Measurement
from syncbench.metric import Measured, Metric
from syncbench.runs.faces import keep_faces
from syncbench.runs.journal import ANSWER, PROBE, Entry
from syncbench.runs.plan import Job, given_parts, make_system, sees_truth, source_hash
from syncbench.runs.store import (
    clip_from_json,
    clip_to_json,
    file_stem,
    hashes_of,
    keep_answer,
    keep_measurement,
    record_key,
)
from syncbench.system import Given, Setup, System
from syncbench.task import Task

__all__ = ["Bench", "alone", "enough", "measured", "probe", "use", "with_face", "work"]


@dataclass(frozen=True)
class Bench:
    """What every job of a run shares; each worker builds it once."""

    run: Path
    model: str
    setup: Setup[Any]
    task: Task
    metrics: tuple[str, ...]
    min_coverage: float
    voices: tuple[Clip, ...]
    cache: Path | None


@dataclass
class _Loaded:
    """The system and metrics of the bench this process last worked for."""

    bench: Bench | None = None
    system: System[Any] | None = None
    metrics: dict[str, Metric] = dataclasses.field(default_factory=dict[str, Metric])


_loaded = _Loaded()


@contextmanager
def alone(seed: int) -> Iterator[None]:
    """Make and use a system in this process as a worker does, and leave the process as it was."""
    import torch

    threads, state = torch.get_num_threads(), torch.get_rng_state()
    _settle(seed)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(state)


def _settle(seed: int) -> None:
    """Work on one thread, for clips run side by side and sums come out in one order; draw from a seed."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)


@contextmanager
def use(bench: Bench, system: System[Any]) -> Iterator[None]:
    """Work for a bench in this process with a system that is made already."""
    _load(bench)
    _loaded.system = system
    try:
        yield
    finally:
        _loaded.bench = _loaded.system = None


def _load(bench: Bench) -> _Loaded:
    if _loaded.bench is not bench and _loaded.bench != bench:
        _settle(bench.setup.seed)
        _loaded.bench, _loaded.system = bench, None
        _loaded.metrics = {name: registry.metric(name) for name in bench.metrics}
    return _loaded


def _system(bench: Bench) -> System[Any]:
    if _loaded.system is None:
        _settle(bench.setup.seed)
        _loaded.system = make_system(bench.model, bench.setup)
    return _loaded.system


def work(bench: Bench, job: Job) -> list[Entry]:
    """Do what is to be done for one clip and return the journal's entries. Errors of one clip stay in its entries."""
    loaded = _load(bench)
    memory: dict[str, Any] = {}
    job = dataclasses.replace(job, clip=_placed(job, Features(job.clip, bench.cache, memory)))
    clip = Features(job.clip, bench.cache, memory)
    entries: list[Entry] = []
    record = job.answered
    if record is None:
        entry = _timed(job, ANSWER, ("model", bench.model), lambda: _answer(_system(bench), bench, job, clip))
        entries.append(entry)
        if entry.status == "failed":
            return entries
        record = entry.data
    if not job.stages:
        return entries
    key = record_key(record)
    reference = Features(_reference(job.clip), bench.cache, memory)
    output = Features(clip_from_json(record["output"], bench.run), bench.cache, memory)
    for stage in job.stages:
        measure = partial(_measure, loaded.metrics[stage], bench, job, key, clip, reference, output)
        entries.append(_timed(job, stage, ("metric", stage), measure))
    if job.clip.face != "frame" and not job.clip.private:
        shown = output if output.has("video") else clip
        keep_faces(bench.run, shown, job.condition.name, registry.face_finder().squares)
    return entries


def _placed(job: Job, clip: Features) -> Clip:
    """Return a job's clip with the place of its face, which is that of the answer where there is one."""
    if job.answered is not None:
        return dataclasses.replace(job.clip, face=job.answered["reference"]["face"])
    return with_face(clip)


def with_face(clip: Features) -> Clip:
    """Return a clip with the place of its face where several are in the picture: answers are measured at the same one."""
    if not clip.has("video") or clip.clip.face not in ("auto", "active"):
        return clip.clip
    try:
        return dataclasses.replace(clip.clip, face=registry.face_finder().place(clip))
    except (ClipError, Unavailable):  # whoever needs the face will say so
        return clip.clip


def _reference(clip: Clip) -> Clip:
    """Return what answers are held against: the clip, without a video that is not the real one of its speech."""
    return clip if clip.real else dataclasses.replace(clip, video=None, extras={})


def probe(bench: Bench, system: System[Any], clip: Clip) -> Entry | None:
    """Keep what a system shows of its inside on one clip (its ``probe``), under ``run/probe``; None where nothing."""
    _load(bench)
    shown: dict[str, Any] = {}

    def keep() -> dict[str, Any]:
        given = Given(Features(clip, bench.cache), given_parts(system, bench.task), system.name)
        _settle(clip_seed(bench.setup.seed, clip.id))
        shown.update(system.probe(given))
        if not shown:
            return {}
        path = write_arrays(bench.run / "probe" / f"{file_stem(clip.id)}.npz", shown)
        return {"arrays": path.relative_to(bench.run).as_posix()}

    entry = _timed(Job(clip, CLEAN, ()), PROBE, ("model", bench.model), keep)
    return entry if shown or entry.status == "failed" else None


def _timed(job: Job, stage: str, whose: tuple[str, str], task: Callable[[], dict[str, Any]]) -> Entry:
    begin = time.perf_counter()
    data: dict[str, Any] = {}
    reason = ""
    try:
        data = task()
    except (ClipError, CommandError, Unavailable) as error:
        reason = one_line(error)
    except Exception as error:
        if debugging():
            traceback.print_exc()
        reason = f"{registry.whose(*whose)}: {registry.stranger(error)}"
    seconds = round(time.perf_counter() - begin, 4)
    return Entry(job.clip.id, job.condition.name, stage, "failed" if reason else "done", reason, data, seconds)


def _answer(system: System[Any], bench: Bench, job: Job, features: Features) -> dict[str, Any]:
    """Ask the system, check and keep what it answers, and return its record."""
    clip, parts = job.clip, given_parts(system, bench.task)
    achieved: dict[str, float | str] = {}
    levels: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="syncbench-") as folder:
        if job.condition.clean or sees_truth(type(system), system.name, bench.task):  # what is true is never corrupted
            given = Given(features, parts, system.name)
        else:
            scene = corrupt(features, job.condition, bench.voices, bench.setup.seed)
            given = _corrupted(features, scene, parts, system.name, Path(folder))
            achieved.update(scene.achieved)
            levels = {f"corruption/{name}": level for name, level in scene.levels.items()}
        _settle(clip_seed(bench.setup.seed, clip.id))  # what is drawn does not depend on who was answered before
        answer = check_answer(system.answer(given), bench.task.answers, bench.task.name)
        answer = dataclasses.replace(answer, traces={**answer.traces, **levels})
        kept = keep_answer(answer, clip, bench.task, bench.run, job.condition.name, partial(_heard, features))
    return {
        "reference": clip_to_json(clip, bench.run),
        "output": clip_to_json(kept, bench.run),
        "files": hashes_of((clip, kept), bench.run),
        "source": source_hash(system, clip, bench.task),
        **({"achieved": achieved} if achieved else {}),
    }


def _heard(features: Features) -> Waveform | None:
    try:
        speech: Waveform = features[SPEECH]
    except ClipError:
        return None
    return speech


def _corrupted(features: Features, scene: Scene, parts: frozenset[str], owner: str, folder: Path) -> Given:
    """Return the clip as the system gets it: arrays in memory, written without loss only where files are read."""
    known: dict[str, Any] = {LENGTH.name: features[LENGTH]}
    known |= {FOOTAGE.name: media.Footage.of(scene.frames)} if features.has("video") else {}
    known |= _square(features)
    known |= {SPEECH.name: scene.speech} if features.has("speech") else {}

    def write() -> Clip:
        if not features.has("video"):
            return dataclasses.replace(
                features.clip, speech=Recording(media.write_wav(folder / "clip.wav", scene.speech))
            )
        speech = scene.speech if features.has("speech") else None
        path = media.write_lossless(folder / "clip.mkv", scene.frames, speech)
        written = Recording(path)
        return dataclasses.replace(features.clip, video=written, speech=None if speech is None else written)

    return Given(Features(features.clip, known=known, write=write), parts, owner)


def _square(features: Features) -> dict[str, Any]:
    """Return where the face is, found before the picture was corrupted: what is asked is to read lips, not to find them."""
    if not features.has("video") or features.clip.face == "frame":
        return {}
    squares = registry.face_finder().squares
    try:
        return {squares.name: features[squares]}
    except ClipError:
        return {}


def _measure(
    metric: Metric, bench: Bench, job: Job, key: str, clip: Features, reference: Features, output: Features
) -> dict[str, Any]:
    found = measured(metric, clip, reference, output)
    measurement = enough(found.measurement, bench.min_coverage)
    stem = file_stem(job.clip.id, job.condition.name)
    data: dict[str, Any] = {"settings": dict(metric.settings), "answer": key}
    if measurement.asked and measurement.asked < bench.min_coverage * (whole := int(clip[LENGTH])):
        data["overlap"] = [measurement.asked, whole]  # the sound goes no further
    data |= keep_measurement(measurement, bench.run, metric.name, stem)
    data |= {"withheld": dict(found.withheld)} if found.withheld else {}
    if found.curves:
        path = write_arrays(bench.run / "curves" / metric.name / f"{stem}.npz", found.curves)
        data["curves"] = path.relative_to(bench.run).as_posix()
    return data


def enough(measurement: Measurement, least: float) -> Measurement:
    """Return a measurement that speaks of at least that share of the frames. Raises ClipError."""
    if measurement.coverage is not None and measurement.coverage < least:
        raise ClipError(
            f"{measurement.measured} of {measurement.asked} frames could be measured, under {100 * least:g} %"
        )
    return measurement


def measured(metric: Metric, clip: Features, reference: Features, output: Features) -> Measured:
    """Return what a metric finds in one answer, with its coverage: of how many frames of the clip it speaks.

    Raises ClipError where the metric cannot measure it, or gives what it does not declare.
    """
    found = metric.measure(reference, output)
    result = found if isinstance(found, Measured) else Measured(found)
    measurement: object = result.measurement
    if not isinstance(measurement, Measurement) or not isinstance(measurement, metric.measurement):
        raise ClipError(
            f"{registry.whose('metric', metric.name)} measured {type(measurement).__name__}, "
            f"not the {metric.measurement.__name__} that it declares"
        )
    declared = {spec.name for spec in metric.scores}
    with np.errstate(divide="ignore", invalid="ignore"):
        values = measurement.scores()
    if undeclared := sorted((values.keys() | result.withheld.keys()) - declared):
        raise ClipError(
            f"{registry.whose('metric', metric.name)} gives a score '{undeclared[0]}' that it does not declare: "
            f"it declares {', '.join(sorted(declared))}"
        )
    if counted := [name for name in sorted(result.withheld) if not np.isnan(values.get(name, np.nan))]:
        raise ClipError(
            f"{registry.whose('metric', metric.name)} withholds the score '{counted[0]}' and counts something for it"
        )
    if not metric.covers:
        return result
    asked, given = int(clip[LENGTH]), int(output[LENGTH])
    if "speech" in metric.inputs:  # only what has both picture and sound can be held against each other
        asked = min(asked, int(clip[SPEECH_LENGTH])) if clip.has("speech") else asked
        given = min(given, int(output[SPEECH_LENGTH]))
    frames = min(asked, measurement.measured or asked, given)
    return dataclasses.replace(result, measurement=dataclasses.replace(measurement, measured=frames, asked=asked))
