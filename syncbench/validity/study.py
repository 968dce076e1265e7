"""The study: spoil clips by known amounts, measure, and see how each score answers."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from syncbench import media, registry
from syncbench.contracts import Clip, Measurement, Metric
from syncbench.errors import ClipError, CommandError, Unavailable
from syncbench.executors import WorkerDied, run_tasks
from syncbench.features.core import ClipFeatures, cache_folder
from syncbench.features.landmarks import provider
from syncbench.statistics import paired_bootstrap, resamplable
from syncbench.validity.faults import LADDERS, Ladder, Scene

__all__ = ["Answer", "Step", "study"]


@dataclass(frozen=True, slots=True)
class Step:
    """A corpus score at one level of a ladder; ``low`` and ``high`` bound its difference from level 0 (95 %)."""

    level: float
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """How one score answers one ladder.

    Attributes:
        tau: Kendall's tau between level and corpus score over the ladder's steps, ``low`` and ``high`` its 95 % interval
            over resampled clips; None where sums cannot be resampled.
        smallest: the smallest level told apart from none at 95 %; None where no level is.
        clips: how many clips were measured at every level.
        settings: what measured it: evaluator and weights, protocol, landmarks, as signatures say them.
    """

    score: str
    ladder: str
    unit: str
    tau: float
    low: float | None
    high: float | None
    smallest: float | None
    clips: int
    steps: tuple[Step, ...]
    settings: str = ""


@dataclass(frozen=True, slots=True)
class _Shared:
    metrics: tuple[str, ...]
    clips: tuple[Clip, ...]
    seed: int


_Found = dict[tuple[str, str, int], Measurement]
"""(metric, ladder, step) -> measurement of one clip."""


def study(
    metrics: Sequence[str],
    clips: Sequence[Clip],
    seed: int,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Answer]:
    """Measure every ladder on every clip and return every score's answers.

    Raises:
        CommandError: fewer than two speakers (a face to borrow is needed) or no metric that can run.
    """
    if len({clip.speaker for clip in clips}) < 2:
        raise CommandError("validate-metrics borrows another speaker's face: give it clips of at least two speakers")
    usable = [name for name in metrics if registry.metric(name).unavailable() is None]
    if not usable:
        raise CommandError("none of these metrics can run here: see `syncbench list metrics`")
    shared = _Shared(tuple(usable), tuple(clips), seed)
    found: dict[str, _Found] = {}
    for done, (clip, result) in enumerate(run_tasks(_climb, shared, list(clips), workers), start=1):
        if isinstance(result, WorkerDied):
            raise CommandError(f"clip {clip.id}: {result}")
        found[clip.id] = result
        if progress is not None:
            progress(done, len(clips))
    ordered = [(clip, found[clip.id]) for clip in clips]
    return [
        answer
        for name in usable
        for ladder in LADDERS
        for answer in _answers(registry.metric(name), ladder, ordered, seed)
    ]


def _climb(shared: _Shared, clip: Clip) -> _Found:
    """Spoil one clip by every level of every ladder and measure it."""
    import torch

    torch.set_num_threads(1)
    metrics = [registry.metric(name) for name in shared.metrics]
    cache = cache_folder() / "features"
    reference = ClipFeatures(clip, cache)
    other = next(o for o in _after(shared.clips, clip) if o.speaker != clip.speaker)
    frames = clip.frames()
    landmarks = np.asarray(reference[provider("precomputed" if "landmarks" in clip.extras else "bundled")])
    scene = Scene(
        frames=frames,
        speech=clip.speech(len(frames)),
        landmarks=landmarks[: len(frames)],
        words=clip.words,
        transcript=clip.transcript or "",
        other=other.frames(),
    )
    found: _Found = {}
    with tempfile.TemporaryDirectory(prefix="syncbench-") as folder:
        untouched = _measured(metrics, reference, _written(clip, scene, Path(folder) / "0.mkv"))
        for ladder in LADDERS:
            for step, level in enumerate(ladder.levels):
                values = untouched
                if step:
                    rng = np.random.default_rng([shared.seed, step, *clip.id.encode()])
                    spoiled = ladder.fault(scene, level, rng)
                    values = _measured(metrics, reference, _written(clip, spoiled, Path(folder) / "fault.mkv"))
                found.update({(metric, ladder.name, step): value for metric, value in values.items()})
    return found


def _after(clips: Sequence[Clip], clip: Clip) -> Iterable[Clip]:
    """Return the other clips, beginning behind this one."""
    at = next(i for i, other in enumerate(clips) if other.id == clip.id)
    return [*clips[at + 1 :], *clips[:at]]


def _written(clip: Clip, scene: Scene, path: Path) -> Clip:
    media.write_lossless(path, scene.frames, scene.speech)
    return dataclasses.replace(
        clip, video=path, audio=None, start=0.0, end=None, audio_start=None, extras={}, transcript=scene.transcript
    )


def _measured(metrics: Iterable[Metric], reference: ClipFeatures, output: Clip) -> dict[str, Measurement]:
    features = ClipFeatures(output)
    values: dict[str, Measurement] = {}
    for metric in metrics:
        try:
            values[metric.name] = metric.measure(reference, features)
        except (ClipError, Unavailable):
            continue  # a level at which a clip cannot be measured counts in `clips` of the answer
    return values


def _answers(metric: Metric, ladder: Ladder, found: Sequence[tuple[Clip, _Found]], seed: int) -> list[Answer]:
    steps = range(len(ladder.levels))
    whole = [(clip, f) for clip, f in found if all((metric.name, ladder.name, step) in f for step in steps)]
    if not whole:
        return []
    table = [[f[metric.name, ladder.name, step] for _, f in whole] for step in steps]
    groups = [clip.group for clip, _ in whole]
    totals = [_total(metric, row).scores() for row in table]
    differences = [paired_bootstrap(row, table[0], groups, seed) for row in table]
    resampled = _resampled_totals(metric, table, seed) if resamplable(metric.measurement) else {}
    answers: list[Answer] = []
    for spec in metric.scores:
        values = [float(total[spec.name]) for total in totals]
        results = [difference.get(spec.name) for difference in differences]
        told = [r is not None and step > 0 and (r.low > 0 or r.high < 0) for step, r in enumerate(results)]
        taus = [_tau(ladder.levels, row) for row in resampled.get(spec.name, [])]
        interval = np.quantile([t for t in taus if np.isfinite(t)] or [np.nan], [0.025, 0.975]) if taus else None
        answers.append(
            Answer(
                score=spec.name,
                ladder=ladder.name,
                unit=ladder.unit,
                tau=_tau(ladder.levels, values),
                low=None if interval is None else float(interval[0]),
                high=None if interval is None else float(interval[1]),
                smallest=next((ladder.levels[step] for step in steps if told[step]), None),
                clips=len(whole),
                steps=tuple(
                    Step(level, value, r.low if r else None, r.high if r else None)
                    for level, value, r in zip(ladder.levels, values, results, strict=True)
                ),
                settings=", ".join(f"{key}={text}" for key, text in metric.settings.items()),
            )
        )
    return answers


def _total(metric: Metric, row: Sequence[Measurement]) -> Measurement:
    total = metric.measurement.zero()
    for measurement in row:
        total = total + measurement
    return total


def _resampled_totals(
    metric: Metric, table: Sequence[Sequence[Measurement]], seed: int, resamples: int = 300
) -> Mapping[str, NDArray[np.float64]]:
    """Return score -> values ``[resamples, steps]``; the same clips are drawn at every step."""
    names = [field.name for field in dataclasses.fields(metric.measurement)]
    count = len(table[0])
    weights = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    columns: dict[str, list[NDArray[np.float64]]] = {}
    for row in table:
        values = np.array([[float(getattr(m, name)) for name in names] for m in row])
        sums = dict(zip(names, (weights @ values).T, strict=True))
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = metric.measurement(**sums).scores()
        for name, value in scores.items():
            columns.setdefault(name, []).append(np.asarray(value, dtype=float))
    return {name: np.stack(column, axis=1) for name, column in columns.items()}


def _tau(levels: Sequence[float], values: Iterable[float]) -> float:
    """Kendall's tau-b; 0 where the score does not move at all."""
    row = np.asarray(list(values))
    if not np.isfinite(row).all():
        return float("nan")
    if np.ptp(row) == 0:
        return 0.0
    return float(kendalltau(levels, row).statistic)


def to_json(answers: Iterable[Answer]) -> str:
    """Write answers down."""
    return json.dumps([dataclasses.asdict(answer) for answer in answers], indent=1)


def from_json(text: str) -> list[Answer]:
    """Read answers back."""
    return [
        Answer(**{**record, "steps": tuple(Step(**step) for step in record["steps"])}) for record in json.loads(text)
    ]
