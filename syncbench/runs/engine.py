"""A run: plan it, do what is not done yet, sum it up."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from syncbench import registry
from syncbench.contracts import Clip, Metric, Setup, System, Unusable
from syncbench.datasets import pairing
from syncbench.errors import CommandError, unknown_name
from syncbench.executors import WorkerDied, run_tasks
from syncbench.features.core import cache_folder, clip_key
from syncbench.runs.journal import ANSWER, PROBE, Entry, Journal, Key, read
from syncbench.runs.manifest import Manifest, Request, hardware, package_versions, revision
from syncbench.runs.record import Run, load_run
from syncbench.runs.summary import clip_rows, conditions_of, summarise
from syncbench.runs.work import Bench, Task, probe, split_model, work

__all__ = ["Progress", "check", "default_out", "finish", "run"]

Progress = Callable[[int, int], None]
"""Called with (clips done, clips to do) as a run goes on."""


def default_out(request: Request, swept: str = "") -> Path:
    """Return where a run goes when nobody says: ``runs/<model>-<dataset>-<split>``; a sweep's runs ``...-sweep-<key>``."""
    name, argument = split_model(request.model)
    model = f"{name}-{Path(argument).name}" if argument else name
    return Path("runs") / f"{model}-{request.dataset}-{request.split}{f'-sweep-{swept}' if swept else ''}"


def check(request: Request) -> None:
    """Raise what ``run`` would raise before its first clip is answered: for requests that wait for others."""
    _system(request, _clips(request))


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

    Work that the journal holds as done is not done again; failures are tried again; a metric whose settings changed (say
    its official weights are now present) is measured again on the kept answers.

    Raises:
        CommandError: nothing can be run: an unknown name, a dataset that is not there, a folder that holds another run.
        Unavailable: the model lacks something the user can get.
    """
    listed = _clips(request)
    system, setup = _system(request, listed)
    metrics, unavailable = _metrics(request, system, setup.clips)
    manifest = Manifest(
        name=out.resolve().name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=tuple(command),
        request=request,
        task=system.task,
        settings=dict(system.settings),
        beside={other: dict(options) for other, options in getattr(system, "beside", {}).items()},
        metrics={metric.name: dict(metric.settings) for metric in metrics},
        unavailable=unavailable,
        clips=tuple(clip.id for clip in listed),
        dataset_hash=_dataset_hash(listed),
        python=".".join(str(part) for part in sys.version_info[:3]),
        packages=package_versions(),
        git=revision(Path(__file__).parent),
        hardware=hardware(request.device),
    )
    manifest = _open(out, manifest)
    bench = Bench(out, request.model, setup, tuple(manifest.metrics), cache_folder() / "features" if cache else None)
    journal = out / "journal.jsonl"
    tasks = _tasks(manifest, setup.clips, read(journal))
    with Journal(journal) as file:
        _note_unusable(file, manifest, listed)
        count = min(workers or os.cpu_count() or 1, max(1, len(tasks)))
        if progress is not None:
            progress(0, len(tasks))
        for done, (task, result) in enumerate(run_tasks(work, bench, tasks, count), start=1):
            file.append(*(_died(task, result) if isinstance(result, WorkerDied) else result))
            if progress is not None:
                progress(done, len(tasks))
        show = getattr(system, "probe", None)
        if show is not None and (shown := _to_probe(manifest, setup.clips, read(journal))) is not None:
            file.append(probe(bench, show, shown))
    return finish(out, manifest)


def finish(out: Path, manifest: Manifest) -> Run:
    """Write ``clips.parquet`` and ``summary.json`` from the journal."""
    entries = read(out / "journal.jsonl")
    rows = clip_rows(manifest, entries, out)
    temporary = out / "clips.parquet.tmp"
    rows.to_parquet(temporary, index=False)
    temporary.replace(out / "clips.parquet")
    _write(out / "summary.json", summarise(manifest, entries, out))
    return load_run(out)


def _system(request: Request, listed: Iterable[Clip | Unusable]) -> tuple[System, Setup]:
    """Make the system under test; return what it was made from as well, so that workers can make it again."""
    name, argument = split_model(request.model)
    clips = tuple(clip for clip in listed if isinstance(clip, Clip))
    setup = Setup(argument, clips, request.seed, request.device, request.options)
    return registry.model(name)(setup), setup


def _clips(request: Request) -> list[Clip | Unusable]:
    """Return the run's clips: listed, limited, paired, sharded, in order."""
    adapter = registry.dataset(request.dataset)
    if request.split not in adapter.splits:
        raise unknown_name(f"split of {request.dataset}", request.split, adapter.splits)
    if adapter.needs_root and request.root is None:
        raise CommandError(
            f"dataset '{request.dataset}' is read from a folder: say where with --root DIR (get it at {adapter.url})"
        )
    root = Path(request.root) if request.root else None
    if root is not None and not root.is_dir():
        raise CommandError(f"--root {root} is not a folder")
    paired = request.pairing not in {"self", "cross"}
    listed = list(adapter.clips(root, request.split, None if paired else request.limit, request.seed))
    if request.pairing == "cross":
        usable = [clip for clip in listed if isinstance(clip, Clip)]
        lost = [clip for clip in listed if isinstance(clip, Unusable)]
        listed = [*pairing.crossed(usable, request.seed), *lost]
    elif paired:
        pairs = pairing.read_pairs(Path(request.pairing))[: request.limit]
        usable = [clip for clip in listed if isinstance(clip, Clip)]
        listed = list(pairing.paired(usable, pairs))
    part, parts = request.shard
    listed = listed[part - 1 :: parts]
    if not listed:
        raise CommandError(f"dataset '{request.dataset}', split '{request.split}' has no clips under {root}")
    names = [clip.id for clip in listed]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise CommandError(f"clip '{twice}' is listed twice in {request.dataset}/{request.split}: remove one line")
    return listed


def _metrics(request: Request, system: System, clips: Sequence[Clip]) -> tuple[list[Metric], dict[str, str]]:
    """Return the metrics to measure and, by family, why others cannot be."""
    if request.metrics and set(request.metrics) <= set(registry.names("metric")):
        known = {name: registry.metric(name) for name in request.metrics}
    else:
        known = registry.metrics()
    by_score = {spec.name: name for name, metric in known.items() for spec in metric.scores}
    chosen: dict[str, Metric] = {}
    for wanted in request.metrics:
        family = wanted if wanted in known else by_score.get(wanted)
        if family is None:
            raise unknown_name("metric", wanted, [*known, *by_score])
        if system.task not in known[family].tasks:
            tasks = ", ".join(sorted(known[family].tasks))
            raise CommandError(f"metric '{wanted}' is for {tasks}; '{request.model}' is a {system.task} system")
        chosen[family] = known[family]
    if not request.metrics:
        chosen = {name: metric for name, metric in known.items() if _applies(metric, system)}
    chosen = dict(sorted(chosen.items(), key=lambda item: (getattr(item[1], "order", 50), item[0])))
    unavailable = {name: reason for name, metric in chosen.items() if (reason := metric.unavailable())}
    unavailable |= {name: reason for name, metric in chosen.items() if (reason := _untraced(metric, system))}
    if not request.metrics:
        unavailable |= {name: reason for name, metric in chosen.items() if (reason := _unsuited(metric, clips))}
    return [metric for name, metric in chosen.items() if name not in unavailable], unavailable


def _applies(metric: Metric, system: System) -> bool:
    """Return whether a family is measured unasked: it is for the task, and the system leaves the traces it reads."""
    wanted: frozenset[str] = getattr(metric, "traces", frozenset())
    left: frozenset[str] = getattr(system, "traces", frozenset())
    return system.task in metric.tasks and not getattr(metric, "on_request", False) and wanted <= left


def _untraced(metric: Metric, system: System) -> str | None:
    """Return why a family cannot measure a system that says which traces it leaves; None where it can, or may."""
    left: frozenset[str] | None = getattr(system, "traces", None)
    missing = set() if left is None else getattr(metric, "traces", frozenset[str]()) - left
    return f"{system.name} leaves no {' or '.join(sorted(missing))}" if missing else None


def _unsuited(metric: Metric, clips: Sequence[Clip]) -> str | None:
    """Return why a family can measure none of the clips, whatever answers them; None where it can."""
    why: Callable[[Clip], str | None] | None = getattr(metric, "unsuited", None)
    if why is None or not clips or any(why(clip) is None for clip in clips):
        return None
    return why(clips[0])


def _dataset_hash(listed: Iterable[Clip | Unusable]) -> str:
    digest = hashlib.sha256()
    for clip in listed:
        try:
            digest.update(f"{clip.id} {clip_key(clip) if isinstance(clip, Clip) else 'unusable'}\n".encode())
        except OSError:
            digest.update(f"{clip.id} unreadable\n".encode())
    return digest.hexdigest()


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
            what = "; ".join(f"{key}: {before[key]} there, {now[key]} asked" for key in different)
            raise CommandError(f"{out} holds another run ({what}): choose another --out")
        if earlier.dataset_hash != manifest.dataset_hash:
            raise CommandError(f"{out} was made from other files: the dataset has changed since; choose another --out")
        if earlier.settings != manifest.settings:
            raise CommandError(f"{out} was made with another version of {manifest.model}: choose another --out")
        kept = {name: s for name, s in earlier.metrics.items() if name not in manifest.unavailable}
        update = {"metrics": kept | manifest.metrics, "created": earlier.created}
        manifest = manifest.model_copy(update=update)
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CommandError(f"--out {out} exists and is not a run: choose another folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write(path, manifest)
    except OSError as error:
        raise CommandError(f"--out {out} cannot be written: {error.strerror}; choose another folder") from error
    return manifest


def _write(path: Path, model: BaseModel) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(
        json.dumps(model.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    temporary.replace(path)


def _note_unusable(journal: Journal, manifest: Manifest, listed: Iterable[Clip | Unusable]) -> None:
    for clip in listed:
        if isinstance(clip, Unusable):
            for condition in conditions_of(manifest):
                journal.append(Entry(clip.id, condition, ANSWER, "failed", clip.reason))


def _tasks(manifest: Manifest, clips: Iterable[Clip], entries: Mapping[Key, Entry]) -> list[Task]:
    """Return what is not done yet."""
    tasks: list[Task] = []
    for clip in clips:
        for name, condition in conditions_of(manifest).items():
            answer = entries.get((clip.id, name, ANSWER))
            answered = answer.data if answer is not None and answer.status == "done" else None
            stages = tuple(
                metric
                for metric, settings in manifest.metrics.items()
                if answered is None or not _measured(entries.get((clip.id, name, metric)), settings)
            )
            if stages or answered is None:
                tasks.append(Task(clip, condition, stages, answered))
    return tasks


def _to_probe(manifest: Manifest, clips: Iterable[Clip], entries: Mapping[Key, Entry]) -> Clip | None:
    """Return the first clip that was answered under any condition; None where a probe is kept already."""
    if any(key[2] == PROBE and entry.status == "done" for key, entry in entries.items()):
        return None
    answers = [(clip, entries.get((clip.id, name, ANSWER))) for clip in clips for name in conditions_of(manifest)]
    return next((clip for clip, entry in answers if entry is not None and entry.status == "done"), None)


def _measured(entry: Entry | None, settings: Mapping[str, str]) -> bool:
    return entry is not None and entry.status == "done" and entry.data.get("settings") == dict(settings)


def _died(task: Task, error: WorkerDied) -> list[Entry]:
    stages = task.stages if task.answered is not None else (ANSWER,)
    return [Entry(task.clip.id, task.condition.name, stage, "failed", str(error)) for stage in stages]
