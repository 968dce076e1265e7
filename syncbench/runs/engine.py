"""A run: plan it, do what is not done yet, sum it up."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from syncbench.clip import Clip
from syncbench.corruptions.apply import pool_key
from syncbench.dataset import Unusable
from syncbench.errors import CommandError
from syncbench.files import cache_folder, replacing, write_text
from syncbench.runs.journal import ANSWER, Entry, Journal, read
from syncbench.runs.manifest import Manifest, hardware, package_versions, revision
from syncbench.runs.plan import (
    Job,
    Plan,
    choose_metrics,
    clip_to_probe,
    conditions_of,
    dataset_hash,
    faces_of,
    jobs,
    plan,
)
from syncbench.runs.request import Request, split_model
from syncbench.runs.run import Run, load_run
from syncbench.runs.summary import clip_rows, summarise
from syncbench.runs.work import Bench, alone, probe, use, work
from syncbench.workers import WorkerDied, run_tasks

__all__ = ["Progress", "check", "finish", "run"]

Progress = Callable[[int, int], None]
"""Called with (clips done, clips to do) as a run goes on."""


def check(request: Request) -> None:
    """Raise what ``run`` would raise before its first clip is answered: for requests that wait for others."""
    with alone(request.seed):
        plan(request)


def run(
    request: Request,
    out: Path,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    cache: bool = True,
    command: Sequence[str] = (),
) -> Run:
    """Run a system over a dataset and measure it, or go on with the same run where it stopped.

    Work that the journal holds as done is not done again, unless the bytes that it was done with are no longer there;
    failures are tried again; a metric whose settings changed (say its official weights are now present) is measured
    again on the kept answers.

    Raises:
        CommandError: nothing can be run: an unknown name, a dataset that is not there, a folder that holds another run.
        Unavailable: the model lacks something the user can get.
    """
    with alone(request.seed):
        return _run(request, out, workers, progress, cache, command)


def _run(
    request: Request, out: Path, workers: int | None, progress: Progress | None, cache: bool, command: Sequence[str]
) -> Run:
    planned = plan(request)
    manifest = _open(out, _manifest(request, planned, out, command))
    bench = Bench(
        out,
        split_model(request.model)[0],
        planned.setup,
        planned.task,
        tuple(manifest.metrics),
        request.min_coverage,
        planned.voices,
        cache_folder() / "features" if cache else None,
    )
    journal = out / "journal.jsonl"
    waiting = jobs(manifest, planned, read(journal), out)
    with Journal(journal) as file, use(bench, planned.system):
        _note_unusable(file, manifest, planned.listing.clips)
        count = min(workers or os.cpu_count() or 1, max(1, len(waiting)))
        if progress is not None:
            progress(0, len(waiting))
        for done, (job, result) in enumerate(run_tasks(work, bench, waiting, count), start=1):
            file.append(*(_died(job, result) if isinstance(result, WorkerDied) else result))
            if progress is not None:
                progress(done, len(waiting))
        if (shown := clip_to_probe(manifest, planned.listing.usable, read(journal))) is not None:
            entry = probe(bench, planned.system, shown)
            file.append(*([] if entry is None else [entry]))
    return finish(out, manifest)


def finish(out: Path, manifest: Manifest) -> Run:
    """Write ``clips.parquet`` and ``summary.json`` from the journal."""
    entries = read(out / "journal.jsonl")
    rows = clip_rows(manifest, entries, out)
    with replacing(out / "clips.parquet") as temporary:
        rows.to_parquet(temporary, index=False)
    _write(out / "summary.json", summarise(manifest, entries, out))
    return load_run(out)


def _manifest(request: Request, planned: Plan, out: Path, command: Sequence[str]) -> Manifest:
    system = planned.system
    metrics, unavailable = choose_metrics(request, system, planned.task, planned.listing.usable)
    return Manifest(
        name=out.resolve().name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=tuple(command),
        request=request,
        task=planned.task.name,
        anchor=planned.task.anchor(system.name) is not None,
        settings=dict(system.settings),
        beside={other: dict(options) for other, options in system.beside.items()},
        metrics={metric.name: dict(metric.settings) for metric in metrics},
        unavailable=unavailable,
        clips=tuple(clip.id for clip in planned.listing.clips),
        dataset_hash=dataset_hash(planned.listing.clips),
        left_out=planned.listing.left_out,
        voices=pool_key(planned.voices) if planned.voices else "",
        face=faces_of(planned.listing.usable),
        python=".".join(str(part) for part in sys.version_info[:3]),
        packages=package_versions(),
        git=revision(Path(__file__).parent),
        hardware=hardware(request.device),
    )


def _open(out: Path, manifest: Manifest) -> Manifest:
    """Make the run's folder, or take up the run that is in it; metrics measured before stay."""
    path = out / "manifest.json"
    if path.exists():
        try:
            earlier = Manifest.model_validate_json(path.read_bytes())
        except ValueError as error:
            raise CommandError(f"{path} cannot be read; choose another --out, or remove the folder") from error
        ignored = {"metrics", "device"}
        before = {k: v for k, v in earlier.request.model_dump().items() if k not in ignored}
        now = {k: v for k, v in manifest.request.model_dump().items() if k not in ignored}
        if different := [key for key, value in now.items() if before[key] != value]:
            what = "; ".join(f"{key}: {_given(before[key])} there, {_given(now[key])} asked" for key in different)
            raise CommandError(f"{out} holds another run ({what}): choose another --out")
        if (earlier.dataset_hash, earlier.voices) != (manifest.dataset_hash, manifest.voices):
            raise CommandError(f"{out} was made from other files: the dataset has changed since; choose another --out")
        if earlier.settings != manifest.settings:
            raise CommandError(f"{out} was made with another version of {manifest.model}: choose another --out")
        kept = {name: s for name, s in earlier.metrics.items() if name not in manifest.unavailable}
        update = {"metrics": kept | manifest.metrics, "created": earlier.created}
        manifest = manifest.model_copy(update=update)
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CommandError(f"--out {out} exists and is not a run: choose another folder")
    try:
        _write(path, manifest)
    except OSError as error:
        raise CommandError(f"--out {out} cannot be written: {error.strerror}; choose another folder") from error
    return manifest


def _given(value: object) -> str:
    return "not given" if value is None else str(value)


def _write(path: Path, model: BaseModel) -> None:
    write_text(path, json.dumps(model.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n")


def _note_unusable(journal: Journal, manifest: Manifest, listed: Iterable[Clip | Unusable]) -> None:
    for clip in listed:
        if isinstance(clip, Unusable):
            for condition in conditions_of(manifest):
                journal.append(Entry(clip.id, condition, ANSWER, "failed", clip.reason))


def _died(job: Job, error: WorkerDied) -> list[Entry]:
    stages = job.stages if job.answered is not None else (ANSWER,)
    return [Entry(job.clip.id, job.condition.name, stage, "failed", str(error)) for stage in stages]
