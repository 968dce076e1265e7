"""From journal to scores: sum the measurements, add intervals, counts and signatures.

``summarise`` is a pure function of the manifest and the journal, so that ``verify`` can hold a stored summary against it,
and shards merge by joining their journals.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from syncbench import registry
from syncbench._version import __version__
from syncbench.clip import FPS
from syncbench.files import digest
from syncbench.measurement import Measurement
from syncbench.metric import Metric, Score, ScoreSpec
from syncbench.runs.journal import ANSWER, PROBE, Entry, Key
from syncbench.runs.manifest import SCHEMA, Manifest
from syncbench.runs.plan import conditions_of
from syncbench.runs.store import load_measurement, record_key
from syncbench.signature import signature
from syncbench.statistics.resampling import Interval, bootstrap

__all__ = ["Failure", "Summary", "clip_rows", "measurements_of", "summarise", "withheld_by", "withheld_of"]


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
    answers_hash: str
    """SHA-256 over all that was answered, byte by byte, and the clips it is held against."""
    scores: list[Score]
    failures: list[Failure] = Field(default_factory=list[Failure])
    remarks: list[str] = Field(default_factory=list[str])
    """What a reader should know before quoting a number."""


def measurements_of(
    metric: Metric, condition: str, manifest: Manifest, entries: Mapping[Key, Entry], run: Path
) -> Iterator[tuple[str, Measurement]]:
    """Yield clip and measurement of one metric under one condition, in the order of the manifest."""
    for clip in manifest.clips:
        entry = entries.get((clip, condition, metric.name))
        if entry is not None and entry.status == "done":
            yield clip, load_measurement(metric.measurement, entry.data, run)


def withheld_by(entry: Entry) -> Mapping[str, str]:
    """Return the scores that a metric's entry withholds, with the reasons: see :class:`syncbench.metric.Measured`."""
    withheld: Mapping[str, str] = entry.data.get("withheld", {})
    return withheld


def withheld_of(
    metric: str, condition: str, manifest: Manifest, entries: Mapping[Key, Entry]
) -> dict[str, dict[str, str]]:
    """Return score -> clip -> why the score is withheld, in the order of the manifest; nothing where none is."""
    found: dict[str, dict[str, str]] = {}
    for clip in manifest.clips:
        entry = entries.get((clip, condition, metric))
        if entry is not None and entry.status == "done":
            for score, reason in withheld_by(entry).items():
                found.setdefault(score, {})[clip] = reason
    return found


def _reported(metric: Metric, manifest: Manifest) -> Iterator[tuple[ScoreSpec, str]]:
    """Yield each score of a metric with the reason why it cannot be given, or an empty one."""
    for spec in metric.scores:
        missing = spec.reference and manifest.pairing == "cross"
        yield spec, "needs the real video of the same speech: there is none with pairing=cross" if missing else ""


def _signature(spec: ScoreSpec, metric: Metric, manifest: Manifest, condition: str, n: int) -> str:
    pairing = manifest.pairing if manifest.pairing in {"self", "cross"} else "file"
    return signature(
        spec.name,
        {
            **manifest.metrics[metric.name],
            "pairing": pairing,
            "dataset": f"{manifest.dataset}/{manifest.split}@{manifest.dataset_hash[:8]}",
            "face": manifest.face if manifest.face != "frame" else "",
            **_corrupted(manifest, condition),
            "min_coverage": f"{manifest.request.min_coverage:g}" if metric.covers else "",
            "fps": str(FPS),
            "n": str(n),
            "v": __version__,
        },
    )


def _corrupted(manifest: Manifest, name: str) -> dict[str, str]:
    """Return what signatures say of a corruption; nothing where there is none."""
    if not name:
        return {}
    condition = conditions_of(manifest)[name]
    voices = {"voices": manifest.voices} if condition.needs("voices") else {}
    return {"condition": condition.signature(), "corruption_seed": str(manifest.seed), **voices}


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
            scores.append(_score(spec, family, names[0], reason=reason))
    answered = sum(
        all((entry := entries.get((clip, name, ANSWER))) is not None and entry.status == "done" for name in names)
        for clip in manifest.clips
    )
    if len(set(groups.values())) <= 1 < len(groups) and all(groups.values()):
        remarks.append("all clips are of one group (speaker or video): intervals resample clips and speak of it alone")
    for (clip, _, stage), entry in entries.items():
        if stage == PROBE and entry.status == "failed":
            remarks.append(f"what is inside the model could not be shown on {clip}: {entry.reason}")
    remarks += [*_few_voices(manifest, entries), *_overlaps(entries), *_left_out(manifest)]
    answers = [entries[key] for key in _order(manifest, names) if key[2] == ANSWER and key in entries]
    keys = [record_key(entry.data) if entry.status == "done" else "failed" for entry in answers]
    return Summary(
        run=manifest.name,
        model=manifest.model,
        dataset=manifest.dataset,
        split=manifest.split,
        task=manifest.task,
        listed=len(manifest.clips),
        answered=answered,
        answers_hash=digest(*keys),
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


def _few_voices(manifest: Manifest, entries: Mapping[Key, Entry]) -> Iterator[str]:
    """Say where babble was asked of more voices than there are."""
    fewest: dict[str, float] = {}
    for (_, name, stage), entry in entries.items():
        there = entry.data.get("achieved", {}).get("babble_voices") if stage == ANSWER else None
        if there is not None:
            fewest[name] = min(there, fewest.get(name, there))
    for name, condition in conditions_of(manifest).items():
        asked = max((part.talkers for row, part in condition.parts() if row.takes == "talkers"), default=0)
        if fewest.get(name, asked) < asked:
            yield f"{name}: babble of {asked} voices was made of {fewest[name]:g} different ones: the split has no more"


def _overlaps(entries: Mapping[Key, Entry]) -> Iterator[str]:
    """Say of how many clips sound and picture overlap in a part only: what has both alone is scored."""
    short = {clip: entry.data["overlap"] for (clip, *_), entry in entries.items() if "overlap" in entry.data}
    if short:
        clip, (frames, whole) = next(iter(short.items()))
        count = f"{len(short)} clip{'s' if len(short) > 1 else ''}"
        yield (
            f"sound and picture of {count} overlap in a part only, which alone is scored by what hears and sees: "
            f"{clip} in {frames} of {whole} frames"
        )


def _left_out(manifest: Manifest) -> Iterator[str]:
    if manifest.left_out:
        some = "; ".join(manifest.left_out[:3])
        more = f"; and {len(manifest.left_out) - 3} more" if len(manifest.left_out) > 3 else ""
        yield f"{len(manifest.left_out)} files under the dataset's folder are not among its clips: {some}{more}"


def _score(
    spec: ScoreSpec,
    metric: str,
    condition: str,
    value: float | None = None,
    bounds: tuple[float, float] | None = None,
    n: int = 0,
    failed: int = 0,
    text: str = "",
    reason: str = "",
    coverage: float | None = None,
    withheld: int = 0,
) -> Score:
    low, high = bounds or (None, None)
    return Score(
        name=spec.name, metric=metric, condition=condition, value=value, low=low, high=high, n=n, failed=failed,
        title=spec.title, unit=spec.unit, direction=spec.direction, digits=spec.digits, signature=text,
        reason=reason, headline=spec.headline, coverage=coverage, withheld=withheld,
    )  # fmt: skip


def _scores(
    metric: Metric, condition: str, manifest: Manifest, entries: Mapping[Key, Entry], run: Path,
    groups: Mapping[str, str], remarks: list[str],
) -> Iterator[Score]:  # fmt: skip
    total = metric.measurement.zero()
    kept: dict[str, Measurement] = {}  # arrays are summed as they come, so that a large run needs no more memory
    frames: dict[str, int] = {}
    for clip, measurement in measurements_of(metric, condition, manifest, entries, run):
        total = total + measurement
        frames[clip] = measurement.measured
        if metric.measurement.resamplable():
            kept[clip] = measurement
    n = len(frames)
    failed = len(manifest.clips) - n
    values, wrong = _values(metric, total) if n else ({}, "")
    withheld = withheld_of(metric.name, condition, manifest, entries)

    @cache
    def intervals(out: frozenset[str]) -> dict[str, Interval]:
        counted = [clip for clip in kept if clip not in out]
        return bootstrap([kept[c] for c in counted], [groups.get(c, "") for c in counted], manifest.seed)

    if n and not wrong:
        said = [f"{condition}: {text}" if condition else text for text in metric.remarks(total)]
        remarks.extend(said)
    for spec, missing in _reported(metric, manifest):
        value = values.get(spec.name)
        number = None if value is None or missing or math.isnan(float(value)) else float(value)
        out = withheld.get(spec.name, {})
        interval = intervals(frozenset(out)).get(spec.name) if number is not None else None
        why = missing or wrong or _why_withheld(out, len(manifest.clips))
        why = why or ("" if number is not None else _why_empty(metric, condition, manifest, entries, n))
        entered = sum(frames[clip] for clip in frames if clip not in out)
        counted = n - len(out)
        yield _score(
            spec, metric.name, condition, number, (interval.low, interval.high) if interval else None, counted, failed,
            _signature(spec, metric, manifest, condition, counted), why, entered / total.asked if total.asked else None,
            len(out),
        )  # fmt: skip


def _why_withheld(out: Mapping[str, str], listed: int) -> str:
    """Return of how many clips a score is withheld and why; empty where of none."""
    if not out:
        return ""
    clip, reason = next(iter(out.items()))
    return f"withheld for {len(out)} of {listed} clips, the first {clip}: {reason}"


def _values(metric: Metric, total: Measurement) -> tuple[Mapping[str, Any], str]:
    """Return the scores of a measurement, or why a stranger's code cannot give them."""
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            return total.scores(), ""
    except Exception as error:
        return {}, f"{registry.whose('metric', metric.name)}: {registry.stranger(error)}"


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
            alone = metric.measurement.resamplable()
            for clip in manifest.clips:
                entry = entries.get((clip, condition, family)) or entries.get((clip, condition, ANSWER))
                values: Mapping[str, Any] = {}
                coverage: float | None = None
                withheld: Mapping[str, str] = {}
                why = "not done" if entry is None else entry.reason
                if entry is not None and entry.status == "done" and entry.stage == family:
                    measurement = load_measurement(metric.measurement, entry.data, run)
                    coverage, withheld = measurement.coverage, withheld_by(entry)
                    values, why = _values(metric, measurement) if alone else ({}, "a score of many clips together")
                for spec, missing in _reported(metric, manifest):
                    value = values.get(spec.name)
                    kept_out = f"withheld: {withheld[spec.name]}" if spec.name in withheld else ""
                    entered = 0.0 if kept_out and coverage is not None else coverage
                    rows.append(
                        {
                            "clip": clip,
                            "speaker": speakers.get(clip, ""),
                            "group": groups.get(clip, ""),
                            "condition": condition,
                            "metric": family,
                            "score": spec.name,
                            "value": float("nan") if value is None or missing else float(value),
                            "coverage": float("nan") if entered is None else entered,
                            "reason": missing or kept_out or why,
                        }
                    )
    columns = ["clip", "speaker", "group", "condition", "metric", "score", "value", "coverage", "reason"]
    return pd.DataFrame(rows, columns=cast("Any", columns))
