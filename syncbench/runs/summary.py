"""From journal to scores: sum the measurements, add intervals, counts and signatures.

``summarise`` is a pure function of the manifest and the journal, so that ``verify`` can hold a stored summary against it,
and shards merge by joining their journals.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

import syncbench
from syncbench import registry
from syncbench.contracts import FPS, Measurement, Metric, Score, ScoreSpec
from syncbench.corruptions.conditions import Condition, grid
from syncbench.runs.journal import ANSWER, PROBE, Entry, Key
from syncbench.runs.kept import load_measurement
from syncbench.runs.manifest import SCHEMA, Manifest
from syncbench.signature import signature
from syncbench.statistics import bootstrap, resamplable

__all__ = ["Failure", "Summary", "clip_rows", "conditions_of", "measurements_of", "summarise"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A clip that could not be read, answered or measured."""

    clip: str
    condition: str
    stage: str
    reason: str


class Summary(BaseModel):
    """``summary.json``: the scores of a run, and everything that did not work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = SCHEMA
    run: str
    model: str
    dataset: str
    split: str
    task: str
    listed: int
    """Clips the run was asked for, unusable ones included."""
    answered: int
    """Clips answered under every condition."""
    scores: list[Score]
    failures: list[Failure] = Field(default_factory=list[Failure])
    remarks: list[str] = Field(default_factory=list[str])
    """What a reader should know before quoting a number."""


def conditions_of(manifest: Manifest) -> dict[str, Condition]:
    """Return the run's conditions by name, in order; the clean one's name is empty."""
    asked = manifest.request
    return {condition.name: condition for condition in grid(asked.audio, asked.visual)}


def measurements_of(
    metric: Metric, condition: str, manifest: Manifest, entries: Mapping[Key, Entry], run: Path
) -> Iterator[tuple[str, Measurement]]:
    """Yield clip and measurement of one metric under one condition, in the order of the manifest."""
    for clip in manifest.clips:
        entry = entries.get((clip, condition, metric.name))
        if entry is not None and entry.status == "done":
            yield clip, load_measurement(metric.measurement, entry.data, run)


def _reported(metric: Metric, manifest: Manifest) -> Iterator[tuple[ScoreSpec, str]]:
    """Yield each score of a metric with the reason why it cannot be given, or an empty one."""
    for spec in metric.scores:
        missing = spec.reference and manifest.pairing == "cross"
        yield spec, "needs the real video of the same speech, which pairing=cross has not" if missing else ""


def _signature(spec: ScoreSpec, metric: Metric, manifest: Manifest, condition: str, n: int) -> str:
    pairing = manifest.pairing if manifest.pairing in {"self", "cross"} else "file"
    return signature(
        spec.name,
        {
            **manifest.metrics[metric.name],
            "pairing": pairing,
            "dataset": f"{manifest.dataset}/{manifest.split}@{manifest.dataset_hash[:8]}",
            "condition": conditions_of(manifest)[condition].signature() if condition else "",
            "corruption_seed": str(manifest.seed) if condition else "",
            "fps": str(FPS),
            "n": str(n),
            "v": syncbench.__version__,
        },
    )


def summarise(manifest: Manifest, entries: Mapping[Key, Entry], run: Path) -> Summary:
    """Derive a run's summary from its journal."""
    scores: list[Score] = []
    remarks: list[str] = []
    names = list(conditions_of(manifest))
    groups = _groups(manifest, entries)
    for condition in names:
        for family in manifest.metrics:
            metric = registry.metric(family)
            scores.extend(_scores(metric, condition, manifest, entries, run, groups, remarks))
    for family, reason in manifest.unavailable.items():
        for spec in registry.metric(family).scores:
            scores.append(_score(spec, family, names[0], None, None, None, 0, 0, "", reason))
    answered = sum(
        all((entry := entries.get((clip, name, ANSWER))) is not None and entry.status == "done" for name in names)
        for clip in manifest.clips
    )
    if len(set(groups.values())) <= 1 < len(groups) and all(groups.values()):
        remarks.append("all clips are of one group (speaker or video): intervals resample clips and speak of it alone")
    for (clip, _, stage), entry in entries.items():
        if stage == PROBE and entry.status == "failed":
            remarks.append(f"what is inside the model could not be shown on {clip}: {entry.reason}")
    return Summary(
        run=manifest.name,
        model=manifest.model,
        dataset=manifest.dataset,
        split=manifest.split,
        task=manifest.task,
        listed=len(manifest.clips),
        answered=answered,
        scores=scores,
        failures=[
            Failure(entry.clip, entry.condition, entry.stage, entry.reason)
            for key in _order(manifest, names)
            if (entry := entries.get(key)) is not None and entry.status == "failed"
        ],
        remarks=list(dict.fromkeys(remarks)),
    )


def _order(manifest: Manifest, names: list[str]) -> Iterator[Key]:
    for clip in manifest.clips:
        for name in names:
            for stage in (ANSWER, *manifest.metrics):
                yield clip, name, stage


def _groups(manifest: Manifest, entries: Mapping[Key, Entry]) -> dict[str, str]:
    """Return clip -> group, as its answer's entry tells."""
    groups: dict[str, str] = {}
    for (clip, _, stage), entry in entries.items():
        if stage == ANSWER and entry.status == "done":
            groups[clip] = str(entry.data["reference"]["group"])
    return {clip: groups[clip] for clip in manifest.clips if clip in groups}


def _score(
    spec: ScoreSpec, metric: str, condition: str, value: float | None, low: float | None, high: float | None,
    n: int, failed: int, text: str, reason: str,
) -> Score:  # fmt: skip
    return Score(
        name=spec.name, metric=metric, condition=condition, value=value, low=low, high=high, n=n, failed=failed,
        title=spec.title, unit=spec.unit, direction=spec.direction, digits=spec.digits, signature=text,
        reason=reason, headline=spec.headline,
    )  # fmt: skip


def _scores(
    metric: Metric, condition: str, manifest: Manifest, entries: Mapping[Key, Entry], run: Path,
    groups: Mapping[str, str], remarks: list[str],
) -> Iterator[Score]:  # fmt: skip
    total = metric.measurement.zero()
    kept: dict[str, Measurement] = {}  # arrays are summed as they come, so that a large run needs no more memory
    n = 0
    for clip, measurement in measurements_of(metric, condition, manifest, entries, run):
        total = total + measurement
        n += 1
        if resamplable(metric.measurement):
            kept[clip] = measurement
    failed = len(manifest.clips) - n
    with np.errstate(divide="ignore", invalid="ignore"):
        values = total.scores() if n else {}
    intervals = bootstrap(list(kept.values()), [groups.get(clip, "") for clip in kept], manifest.seed)
    remark = getattr(metric, "remarks", None)
    if remark is not None and n:
        remarks.extend(f"{condition}: {text}" if condition else text for text in remark(total))
    for spec, missing in _reported(metric, manifest):
        value = values.get(spec.name)
        number = None if value is None or missing or math.isnan(float(value)) else float(value)
        interval = intervals.get(spec.name) if number is not None else None
        reason = missing or ("" if number is not None else _why_empty(metric, condition, manifest, entries, n))
        yield _score(
            spec, metric.name, condition, number,
            interval.low if interval else None, interval.high if interval else None,
            n, failed, _signature(spec, metric, manifest, condition, n), reason,
        )  # fmt: skip


def _why_empty(metric: Metric, condition: str, manifest: Manifest, entries: Mapping[Key, Entry], n: int) -> str:
    if n:
        return "nothing to count in any clip"
    for clip in manifest.clips:
        for stage in (metric.name, ANSWER):
            entry = entries.get((clip, condition, stage))
            if entry is not None and entry.status == "failed":
                return f"no clip could be measured; the first: {entry.reason}"
    return "no clip was measured"


def clip_rows(manifest: Manifest, entries: Mapping[Key, Entry], run: Path) -> pd.DataFrame:
    """Return one row per clip, condition and score, failed ones with their reason, in a fixed order."""
    rows: list[dict[str, Any]] = []
    groups = _groups(manifest, entries)
    speakers = {
        clip: str(entry.data["reference"]["speaker"])
        for (clip, _, stage), entry in entries.items()
        if stage == ANSWER and entry.status == "done"
    }
    for condition in conditions_of(manifest):
        for family in manifest.metrics:
            metric = registry.metric(family)
            alone = resamplable(metric.measurement)
            for clip in manifest.clips:
                entry = entries.get((clip, condition, family)) or entries.get((clip, condition, ANSWER))
                values: Mapping[str, Any] = {}
                why = "not done" if entry is None else entry.reason
                if entry is not None and entry.status == "done" and entry.stage == family:
                    why = "" if alone else "a score of many clips together"
                    if alone:
                        with np.errstate(divide="ignore", invalid="ignore"):
                            values = load_measurement(metric.measurement, entry.data, run).scores()
                for spec, missing in _reported(metric, manifest):
                    value = values.get(spec.name)
                    rows.append(
                        {
                            "clip": clip,
                            "speaker": speakers.get(clip, ""),
                            "group": groups.get(clip, ""),
                            "condition": condition,
                            "metric": family,
                            "score": spec.name,
                            "value": float("nan") if value is None or missing else float(value),
                            "reason": missing or why,
                        }
                    )
    columns = ["clip", "speaker", "group", "condition", "metric", "score", "value", "reason"]
    return pd.DataFrame(rows, columns=cast("Any", columns))
