"""The study: spoil clips by known amounts, measure, and see how each score responds."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from syncbench import media, registry
from syncbench.clip import Clip, Recording
from syncbench.errors import ClipError, CommandError, Unavailable
from syncbench.feature import Features
from syncbench.features.frames import FRAMES
from syncbench.features.landmarks import best_source
from syncbench.features.speech import SPEECH
from syncbench.files import cache_folder
from syncbench.measurement import Measurement
from syncbench.metric import Measured, Metric, ScoreSpec
from syncbench.runs.work import measured
from syncbench.statistics.paired import paired_test
from syncbench.statistics.resampling import draws, interval, resampled
from syncbench.validity.faults import LADDERS, Ladder, Scene
from syncbench.validity.response import Response, Step
from syncbench.workers import WorkerDied, run_tasks

__all__ = ["Response", "Step", "study"]


@dataclass(frozen=True, slots=True)
class _Shared:
    metrics: tuple[str, ...]
    clips: tuple[Clip, ...]
    seed: int


_Found = dict[tuple[str, str, int], Measured]
"""(metric, ladder, step) -> measurement of one clip."""


def study(
    metrics: Sequence[str],
    clips: Sequence[Clip],
    seed: int,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Response]:
    """Measure every ladder on every clip and return how every score responds.

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
        response
        for name in usable
        for ladder in LADDERS
        for response in _responses(registry.metric(name), ladder, ordered, seed)
    ]


def _climb(shared: _Shared, clip: Clip) -> _Found:
    """Spoil one clip by every level of every ladder and measure it."""
    import torch

    torch.set_num_threads(1)
    metrics = [registry.metric(name) for name in shared.metrics]
    memory: dict[str, Any] = {}
    reference = Features(clip, cache_folder() / "features", memory)
    other = next(o for o in _after(shared.clips, clip) if o.speaker != clip.speaker)
    frames = reference[FRAMES]
    landmarks = np.asarray(reference[registry.landmarks(best_source(clip)).feature])
    scene = Scene(
        frames=frames,
        speech=reference[SPEECH],
        landmarks=landmarks[: len(frames)],
        words=clip.words,
        transcript=clip.transcript or "",
        other=media.clip_frames(other),
        face=clip.face,
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
    written = Recording(path)
    return dataclasses.replace(
        clip, video=written, speech=written, face=scene.face, extras={}, transcript=scene.transcript
    )


def _measured(metrics: Iterable[Metric], reference: Features, output: Clip) -> dict[str, Measured]:
    features = Features(output)
    values: dict[str, Measured] = {}
    for metric in metrics:
        try:
            values[metric.name] = measured(metric, reference, reference, features)
        except (ClipError, Unavailable):
            continue  # a level at which a clip cannot be measured counts in `clips` of the response
    return values


def _responses(metric: Metric, ladder: Ladder, found: Sequence[tuple[Clip, _Found]], seed: int) -> list[Response]:
    steps = range(len(ladder.levels))
    whole = [
        (clip, [f[metric.name, ladder.name, step] for step in steps])
        for clip, f in found
        if all((metric.name, ladder.name, step) in f for step in steps)
    ]
    by_clips: dict[tuple[int, ...], list[ScoreSpec]] = {}
    for spec in metric.scores:
        told = [i for i, (_, row) in enumerate(whole) if not any(spec.name in step.withheld for step in row)]
        by_clips.setdefault(tuple(told), []).append(spec)
    return [
        response
        for told, specs in by_clips.items()
        if told
        for response in _of_clips(metric, specs, ladder, [whole[i] for i in told], seed)
    ]


def _of_clips(
    metric: Metric, specs: Sequence[ScoreSpec], ladder: Ladder, clips: Sequence[tuple[Clip, Sequence[Measured]]], seed: int
) -> list[Response]:  # fmt: skip
    """Return the responses of scores that speak of the same clips, each measured at every step."""
    table = [[row[step].measurement for _, row in clips] for step in range(len(ladder.levels))]
    groups = [clip.group for clip, _ in clips]
    totals = [_total(metric, row).scores() for row in table]
    differences = [paired_test(row, table[0], groups, seed=seed) for row in table]
    drawn = _drawn(table, groups, seed) if metric.measurement.resamplable() else {}
    responses: list[Response] = []
    for spec in specs:
        values = [float(total.get(spec.name, np.nan)) for total in totals]
        results = [difference.get(spec.name) for difference in differences]
        told = [r is not None and step > 0 and (r.low > 0 or r.high < 0) for step, r in enumerate(results)]
        taus = [_tau(ladder.levels, row) for row in drawn.get(spec.name, [])]
        bounds = interval(taus) if taus else None
        responses.append(
            Response(
                score=spec.name,
                ladder=ladder.name,
                unit=ladder.unit,
                tau=_tau(ladder.levels, values),
                low=None if bounds is None else bounds.low,
                high=None if bounds is None else bounds.high,
                smallest=next((ladder.levels[step] for step in range(len(told)) if told[step]), None),
                clips=len(clips),
                steps=tuple(
                    Step(level, value, r.low if r else None, r.high if r else None)
                    for level, value, r in zip(ladder.levels, values, results, strict=True)
                ),
                settings=", ".join(f"{key}={text}" for key, text in metric.settings.items()),
            )
        )
    return responses


def _total(metric: Metric, row: Sequence[Measurement]) -> Measurement:
    total = metric.measurement.zero()
    for measurement in row:
        total = total + measurement
    return total


def _drawn(
    table: Sequence[Sequence[Measurement]], groups: Sequence[str], seed: int, resamples: int = 300
) -> Mapping[str, NDArray[np.float64]]:
    """Return score -> values ``[resamples, steps]``; the same groups of clips are drawn at every step."""
    weights = draws(groups, resamples, seed)
    rows = [resampled(row, weights) for row in table]
    given = [name for name in rows[0] if all(name in row for row in rows)]
    return {name: np.stack([row[name] for row in rows], axis=1) for name in given}


def _tau(levels: Sequence[float], values: Iterable[float]) -> float:
    """Kendall's tau-b; 0 where the score does not move at all."""
    row = np.asarray(list(values))
    if not np.isfinite(row).all():
        return float("nan")
    if np.ptp(row) == 0:
        return 0.0
    return float(kendalltau(levels, row).statistic)
