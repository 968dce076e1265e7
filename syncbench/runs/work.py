"""One clip, start to end: answer it, compute its features, measure it. What a worker process does."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from syncbench import media, registry
from syncbench.contracts import Clip, Metric, Setup, System
from syncbench.corruptions.conditions import CLEAN, Condition, Corrupted, corrupt
from syncbench.errors import ClipError, Unavailable
from syncbench.features.core import ClipFeatures
from syncbench.runs.journal import ANSWER, PROBE, Entry
from syncbench.runs.kept import clip_from_json, clip_to_json, file_stem, keep_answer, keep_arrays, keep_measurement

__all__ = ["Bench", "Task", "one_line", "probe", "split_model", "work"]


@dataclass(frozen=True, slots=True)
class Bench:
    """What every task of a run shares; each worker builds it once."""

    run: Path
    model: str
    setup: Setup
    metrics: tuple[str, ...]
    cache: Path | None


@dataclass(frozen=True, slots=True)
class Task:
    """One clip under one condition, and what of it is still to do.

    ``answered`` is the journal's record of an answer made earlier; None means the system must answer.
    """

    clip: Clip
    condition: Condition
    stages: tuple[str, ...]
    answered: Mapping[str, Any] | None = None


def split_model(text: str) -> tuple[str, str]:
    """Return model name and argument: ``folder:DIR`` -> ``("folder", "DIR")``."""
    name, _, argument = text.partition(":")
    return name, argument


def one_line(error: BaseException) -> str:
    """Return an error as one line: our own words as they are, a stranger's with its type."""
    text = " ".join(str(error).split())
    return (
        text
        if isinstance(error, ClipError | Unavailable)
        else f"{type(error).__name__}: {text}"
        if text
        else repr(error)
    )


@dataclass
class _Loaded:
    """The system and metrics of the bench this process last worked for."""

    bench: Bench | None = None
    system: System | None = None
    metrics: dict[str, Metric] = dataclasses.field(default_factory=dict[str, Metric])


_loaded = _Loaded()


def _load(bench: Bench) -> _Loaded:
    if _loaded.bench is not bench and _loaded.bench != bench:
        import torch

        torch.set_num_threads(1)  # clips run side by side, and sums come out in the same order for any worker count
        torch.manual_seed(bench.setup.seed)
        _loaded.bench, _loaded.system = bench, None
        _loaded.metrics = {name: registry.metric(name) for name in bench.metrics}
    return _loaded


def _system(loaded: _Loaded, bench: Bench) -> System:
    if loaded.system is None:
        loaded.system = registry.model(split_model(bench.model)[0])(bench.setup)
    return loaded.system


def work(bench: Bench, task: Task) -> list[Entry]:
    """Do what is to be done for one clip and return the journal's entries. Errors of one clip stay in its entries."""
    loaded = _load(bench)
    entries: list[Entry] = []
    record = task.answered
    if record is None:
        entry = _timed(task, ANSWER, lambda: _answer(_system(loaded, bench), bench, task))
        entries.append(entry)
        if entry.status == "failed":
            return entries
        record = entry.data
    if not task.stages:
        return entries
    reference = ClipFeatures(clip_from_json(record["reference"], bench.run), bench.cache)
    kept = clip_from_json(record["output"], bench.run)
    output = reference if kept == reference.clip else ClipFeatures(kept, bench.cache)
    for stage in task.stages:
        metric = loaded.metrics[stage]
        entries.append(_timed(task, stage, partial(_measure, metric, bench, task, reference, output)))
    return entries


def probe(bench: Bench, show: Callable[[Clip], Mapping[str, Any]], clip: Clip) -> Entry:
    """Keep what a system shows of its inside on one clip (its ``probe``), under ``run/probe``."""
    _load(bench)  # as clips are worked at: on one thread, seeded

    def keep() -> dict[str, Any]:
        path = keep_arrays(bench.run / "probe" / f"{file_stem(clip.id)}.npz", show(clip))
        return {"arrays": path.relative_to(bench.run).as_posix()}

    return _timed(Task(clip, CLEAN, ()), PROBE, keep)


def _timed(task: Task, stage: str, job: Callable[[], dict[str, Any]]) -> Entry:
    begin = time.perf_counter()
    try:
        data, reason = job(), ""
    except (KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:
        data, reason = {}, one_line(error)
    seconds = round(time.perf_counter() - begin, 4)
    return Entry(task.clip.id, task.condition.name, stage, "failed" if reason else "done", reason, data, seconds)


def _answer(system: System, bench: Bench, task: Task) -> dict[str, Any]:
    achieved: dict[str, float | str] = {}
    if task.condition.clean:
        answer = system.answer(task.clip)
    else:
        with tempfile.TemporaryDirectory(prefix="syncbench-") as folder:
            corrupted, done = _corrupted(task, bench, Path(folder))
            answer = system.answer(corrupted)
        achieved.update(done.achieved)
        levels = {f"corruption/{name}": level for name, level in done.levels.items()}
        answer = dataclasses.replace(answer, traces={**answer.traces, **levels})
    kept = keep_answer(answer, task.clip, bench.run, task.condition.name)
    record = {"reference": clip_to_json(task.clip, bench.run), "output": clip_to_json(kept, bench.run)}
    return record | ({"achieved": achieved} if achieved else {})


def _corrupted(task: Task, bench: Bench, folder: Path) -> tuple[Clip, Corrupted]:
    """Return the clip as the system gets it, and what was done to it, frame by frame."""
    done = corrupt(task.clip, task.condition, bench.setup.clips, bench.setup.seed)
    path = folder / "clip.mkv"
    media.write_lossless(path, done.frames, done.speech)
    corrupted = dataclasses.replace(task.clip, video=path, audio=None, start=0.0, end=None, audio_start=None)
    return corrupted, done


def _measure(metric: Metric, bench: Bench, task: Task, reference: ClipFeatures, output: ClipFeatures) -> dict[str, Any]:
    measurement = metric.measure(reference, output)
    stem = file_stem(task.clip.id, task.condition.name)
    data = {"settings": dict(metric.settings), **keep_measurement(measurement, bench.run, metric.name, stem)}
    curves = getattr(metric, "curves", None)
    if curves is not None and (arrays := curves(reference, output)):
        path = keep_arrays(bench.run / "curves" / metric.name / f"{stem}.npz", arrays)
        data["curves"] = path.relative_to(bench.run).as_posix()
    return data
