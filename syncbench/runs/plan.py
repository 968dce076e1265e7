"""What a run has to do: its clips, its system, its metrics, and which of it is not done yet."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncbench import registry
from syncbench.clip import PARTS, Clip
from syncbench.corruptions.apply import voice_pool
from syncbench.corruptions.conditions import Condition, grid
from syncbench.dataset import Dataset, Unusable
from syncbench.datasets import pairing
from syncbench.errors import ClipError, CommandError, unknown_name
from syncbench.faces.choice import check_face
from syncbench.feature import clip_key
from syncbench.files import file_hash
from syncbench.metric import Metric
from syncbench.options import Options, read_options
from syncbench.runs.journal import ANSWER, PROBE, Entry, Key
from syncbench.runs.manifest import Manifest
from syncbench.runs.request import Request, split_model
from syncbench.runs.store import changed_files, record_key
from syncbench.system import Setup, System
from syncbench.task import Task

__all__ = [
    "Job",
    "Listing",
    "Plan",
    "choose_metrics",
    "clip_to_probe",
    "conditions_of",
    "dataset_hash",
    "faces_of",
    "family_of",
    "given_parts",
    "jobs",
    "listing",
    "make_system",
    "plan",
    "sees_truth",
    "source_hash",
    "task_of",
]


@dataclass(frozen=True, slots=True)
class Listing:
    """The clips of a run.

    Attributes:
        clips: listed, paired, limited, sharded, in order.
        split: every usable clip of the split, whatever ``--limit`` and ``--shard`` say; empty where nobody asked for it.
        left_out: files that look like clips and are not read.
    """

    clips: tuple[Clip | Unusable, ...]
    split: tuple[Clip, ...]
    left_out: tuple[str, ...]

    @property
    def usable(self) -> tuple[Clip, ...]:
        return tuple(clip for clip in self.clips if isinstance(clip, Clip))


@dataclass(frozen=True, slots=True)
class Job:
    """One clip under one condition, and what of it is still to do.

    ``answered`` is the journal's record of an answer made earlier; None means the system must answer.
    """

    clip: Clip
    condition: Condition
    stages: tuple[str, ...]
    answered: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a request comes to: the clips, the system and what it was made from, its task, the voices of babble."""

    listing: Listing
    setup: Setup[Any]
    system: System[Any]
    task: Task
    voices: tuple[Clip, ...]


def plan(request: Request) -> Plan:
    """Return what a request comes to. Raises CommandError or Unavailable where it cannot be run."""
    name, _ = split_model(request.model)
    kind = registry.model(name)
    task = task_of(request.model)
    needs_voices = any(condition.needs("voices") for condition in grid(request.audio, request.visual))
    listed = listing(request, whole=kind.borrows or needs_voices)
    parts = PARTS if sees_truth(kind, name, task) else _told(task.given)
    setup = _setup(request, kind, tuple(clip.only(parts) for clip in listed.split) if kind.borrows else ())
    voices = voice_pool(listed.split) if needs_voices else ()
    system = make_system(name, setup)
    given_parts(system, task)
    return Plan(listed, setup, system, task, voices)


def task_of(model: str) -> Task:
    """Return the task of a model."""
    name, _ = split_model(model)
    return registry.task(registry.model(name).task)


def sees_truth(kind: type[System[Any]], name: str, task: Task) -> bool:
    """Return whether a system is shown all of a clip: an anchor of its task, or answers made elsewhere."""
    return kind.sees_truth or task.anchor(name) is not None


def given_parts(system: System[Any], task: Task) -> frozenset[str]:
    """Return the parts of a clip that a system gets. Raises CommandError where it wants what its task does not give."""
    if sees_truth(type(system), system.name, task):
        return PARTS
    wanted = task.given if system.inputs is None else system.inputs
    if more := wanted - task.given:
        given = ", ".join(sorted(task.given))
        raise CommandError(
            f"model '{system.name}' wants {', '.join(sorted(more))}, which task '{task.name}' does not give ({given})"
        )
    return _told(wanted)


def _told(parts: frozenset[str]) -> frozenset[str]:
    """Return the parts with which face is meant, where they hold a video."""
    return parts | {"face"} if "video" in parts else parts


def _setup(request: Request, kind: type[System[Any]], split: tuple[Clip, ...]) -> Setup[Options]:
    name, argument = split_model(request.model)
    options = read_options(kind.takes, request.options, f"model '{name}'")
    return Setup(options, argument, request.seed, request.device, split)


def make_system(name: str, setup: Setup[Any]) -> System[Any]:
    """Make the system called ``name``. Raises CommandError or Unavailable; a plugin's own mistake is one line."""
    return registry.build("model", name, lambda kind: kind(setup, name))


def listing(request: Request, whole: bool = False) -> Listing:
    """Return the run's clips; with ``whole`` also those of the whole split. Raises CommandError."""
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
    with registry.blamed("dataset", request.dataset):
        listed = _paired(adapter, root, request)
        whole_split = _paired(adapter, root, request, everything=True) if whole else []
        left_out = tuple(adapter.left_out(root)) if root is not None else ()
    listed, whole_split = ([_meant(clip, request.face) for clip in clips] for clips in (listed, whole_split))
    part, parts = request.shard
    listed = listed[part - 1 :: parts]
    if not listed:
        raise CommandError(f"dataset '{request.dataset}', split '{request.split}' has no clips under {root}")
    counts = Counter(clip.id for clip in listed)
    if twice := next((name for name, count in counts.items() if count > 1), None):
        raise CommandError(f"clip '{twice}' is listed twice in {request.dataset}/{request.split}: remove one line")
    return Listing(tuple(listed), tuple(clip for clip in whole_split if isinstance(clip, Clip)), left_out)


def _meant(clip: Clip | Unusable, face: str | None) -> Clip | Unusable:
    if face is None or isinstance(clip, Unusable) or clip.video is None:
        return clip
    return dataclasses.replace(clip, face=check_face(face))


def faces_of(clips: Sequence[Clip]) -> str:
    """Return what a run's record says of the faces: ``frame`` where all clips are face crops, else who finds them."""
    meant = sorted({clip.face for clip in clips if clip.video is not None})
    if set(meant) <= {"frame"}:
        return "frame"
    return f"{' '.join(meant) if len(meant) < 3 else 'chosen'}:{registry.face_finder().label}"


def _paired(adapter: Dataset, root: Path | None, request: Request, everything: bool = False) -> list[Clip | Unusable]:
    """Return the clips as they are paired, up to the limit. Who drives whom does not depend on the limit."""
    limit = None if everything else request.limit
    if request.pairing == "self":
        listed = list(adapter.clips(root, request.split, limit, request.seed))
        # A generated split is as long as it is asked to be: beyond its usual length the limit says how long.
        more = request.limit is not None and everything and len(listed) < request.limit
        return list(adapter.clips(root, request.split, request.limit, request.seed)) if more else listed
    listed = list(adapter.clips(root, request.split, None, request.seed))
    usable = [clip for clip in listed if isinstance(clip, Clip)]
    if request.pairing == "cross":
        lost = [clip for clip in listed if isinstance(clip, Unusable)]
        return [*pairing.crossed(usable, request.seed), *lost][:limit]
    return list(pairing.paired(usable, pairing.read_pairs(Path(request.pairing))[:limit]))


def choose_metrics(
    request: Request, system: System[Any], task: Task, clips: Sequence[Clip]
) -> tuple[list[Metric], dict[str, str]]:
    """Return the metrics to measure, in the order of tables, and, by family, why others cannot be."""
    if request.metrics and set(request.metrics) <= set(registry.names("metric")):
        known = {name: registry.metric(name) for name in request.metrics}
    else:
        known = registry.metrics()
    chosen: dict[str, Metric] = {}
    for wanted in request.metrics:
        family = wanted if wanted in known else family_of(wanted, known)
        if not known[family].applies(task):
            raise CommandError(
                f"metric '{wanted}' measures {' and '.join(sorted(known[family].inputs))}; "
                f"'{request.model}' is a {task.name} system"
            )
        chosen[family] = known[family]
    if not request.metrics:
        chosen = {name: metric for name, metric in known.items() if _unasked(metric, system, task)}
    chosen = dict(sorted(chosen.items(), key=lambda item: (item[1].order, item[0])))
    unavailable = {name: reason for name, metric in chosen.items() if (reason := metric.unavailable())}
    unavailable |= {name: reason for name, metric in chosen.items() if (reason := _untraced(metric, system))}
    if not request.metrics:
        unavailable |= {name: reason for name, metric in chosen.items() if (reason := _unsuited(metric, clips))}
    return [metric for name, metric in chosen.items() if name not in unavailable], unavailable


def family_of(score: str, known: Mapping[str, Metric]) -> str:
    """Return the family that is meant by a score's name: the default one. Raises CommandError where several could be."""
    families = [name for name, metric in known.items() if any(spec.name == score for spec in metric.scores)]
    default = [name for name in families if not known[name].on_request]
    if not families:
        raise unknown_name("metric", score, [*known, *(spec.name for m in known.values() for spec in m.scores)])
    if len(default or families) > 1:
        raise CommandError(f"metric '{score}' is a score of {', '.join(default or families)}: name the family")
    return (default or families)[0]


def _unasked(metric: Metric, system: System[Any], task: Task) -> bool:
    """Return whether a family is measured unasked: it is for the task, and the system leaves the traces it reads."""
    return metric.applies(task) and not metric.on_request and metric.traces <= (system.traces or frozenset())


def _untraced(metric: Metric, system: System[Any]) -> str | None:
    """Return why a family cannot measure a system that says which traces it leaves; None where it can, or may."""
    missing = frozenset() if system.traces is None else metric.traces - system.traces
    return f"{system.name} leaves no {' or '.join(sorted(missing))}" if missing else None


def _unsuited(metric: Metric, clips: Sequence[Clip]) -> str | None:
    """Return why a family can measure none of the clips, whatever answers them; None where it can."""
    reasons = [metric.unsuited(clip) for clip in clips]
    return f"{clips[0].id}: {reasons[0]}" if reasons and all(reasons) else None


def dataset_hash(listed: Iterable[Clip | Unusable]) -> str:
    """Return the hash of the clips' ids, files and words."""
    digest = hashlib.sha256()
    for clip in listed:
        try:
            digest.update(f"{clip.id} {clip_key(clip) if isinstance(clip, Clip) else 'unusable'}\n".encode())
        except OSError:
            digest.update(f"{clip.id} unreadable\n".encode())
    return digest.hexdigest()


def conditions_of(manifest: Manifest) -> dict[str, Condition]:
    """Return the run's conditions by name, in order; the clean one's name is empty."""
    asked = manifest.request
    return {condition.name: condition for condition in grid(asked.audio, asked.visual)}


def jobs(manifest: Manifest, planned: Plan, entries: Mapping[Key, Entry], out: Path) -> list[Job]:
    """Return what is not done yet. What was done with bytes that are no longer there is to be done again."""
    found: list[Job] = []
    for clip in planned.listing.usable:
        for name, condition in conditions_of(manifest).items():
            answered = _answered(entries.get((clip.id, name, ANSWER)), clip, planned, out)
            key = "" if answered is None else record_key(answered)
            stages = tuple(
                metric
                for metric, settings in manifest.metrics.items()
                if not key or not _measured(entries.get((clip.id, name, metric)), settings, key)
            )
            if stages or answered is None:
                found.append(Job(clip, condition, stages, answered))
    return found


def _answered(entry: Entry | None, clip: Clip, planned: Plan, out: Path) -> Mapping[str, Any] | None:
    """Return the record of an answer that still holds: its files, and the file it came from, are what they were."""
    if entry is None or entry.status != "done" or changed_files(entry.data["files"], out):
        return None
    return entry.data if entry.data["source"] == source_hash(planned.system, clip, planned.task) else None


def source_hash(system: System[Any], clip: Clip, task: Task) -> str:
    """Return the hash of the file that a system would answer a clip from; empty where it makes its answers itself."""
    try:
        path = system.source(clip.only(given_parts(system, task)))
        return "" if path is None else file_hash(path)
    except (ClipError, OSError):
        return "none"


def _measured(entry: Entry | None, settings: Mapping[str, str], key: str) -> bool:
    return (
        entry is not None
        and entry.status == "done"
        and entry.data.get("settings") == dict(settings)
        and entry.data.get("answer") == key
    )


def clip_to_probe(manifest: Manifest, clips: Iterable[Clip], entries: Mapping[Key, Entry]) -> Clip | None:
    """Return the first clip that was answered under any condition; None where a probe is kept already."""
    if any(key[2] == PROBE and entry.status == "done" for key, entry in entries.items()):
        return None
    answers = [(clip, entries.get((clip.id, name, ANSWER))) for clip in clips for name in conditions_of(manifest)]
    return next((clip for clip, entry in answers if entry is not None and entry.status == "done"), None)
