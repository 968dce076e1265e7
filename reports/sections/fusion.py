"""Recognisers side by side: what fusion gains under each corruption, what vision is worth in decibels, and who is better.

Runs belong together where they are of the same clips under the same seed and normaliser. Audio-only, video-only and
audio-visual systems are known by the streams that their settings name (``streams=audio``, ``video``, ``audio+video``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncbench.metrics.fusion import effective_snr_gain, effective_snr_gain_interval, fusion_gain
from syncbench.reports.section import Section
from syncbench.reports.significance import ALPHA
from syncbench.reports.tables.table import Cell, Column, Row, Table
from syncbench.reports.tables.titles import condition_parts, condition_title, system_title
from syncbench.reports.text import number
from syncbench.reports.transcripts import transcripts
from syncbench.runs import Run
from syncbench.statistics.multiplicity import holm
from syncbench.statistics.resampling import draws, interval
from syncbench.statistics.words import Mapsswe, mapsswe_of_texts

__all__ = ["SECTION", "fusion_tables"]

_FAMILY = "word_error"


@dataclass(frozen=True)
class _Trio:
    """Runs of the same clips: one that listens, one that reads lips, and those that do both."""

    audio: Run
    video: Run
    both: tuple[Run, ...]
    conditions: tuple[str, ...]


def fusion_tables(runs: Sequence[Run]) -> list[Table]:
    """Return one table for each set of runs that holds an audio-only, a video-only and an audio-visual system.

    Rows are conditions. Columns: the fusion gain ``min(A, V) - AV`` of each audio-visual system in points of WER, with a
    paired interval, and the p-value of MAPSSWE between each later audio-visual system and the first one, corrected over
    the conditions (Holm). Notes give the effective SNR gain for each noise with clean pictures.
    """
    return [_table(trio) for trio in _trios(runs)]


def _streams(run: Run) -> str:
    return str(run.manifest.settings.get("streams", ""))


def _trios(runs: Sequence[Run]) -> list[_Trio]:
    groups: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        if _FAMILY in run.manifest.metrics and _streams(run):
            made_of = (
                run.manifest.dataset_hash,
                str(run.manifest.seed),
                run.manifest.metrics[_FAMILY]["normaliser"],
                *run.conditions,
            )
            groups.setdefault(made_of, []).append(run)
    trios: list[_Trio] = []
    for members in groups.values():
        audio = next((r for r in members if _streams(r) == "audio"), None)
        video = next((r for r in members if _streams(r) == "video"), None)
        both = tuple(r for r in members if _streams(r) == "audio+video")
        if audio and video and both:
            trios.append(_Trio(audio, video, both, tuple(audio.conditions)))
    return trios


def _counts(run: Run, condition: str, clips: Sequence[str]) -> NDArray[np.int64]:
    """Return errors and words of each clip, ``[clips, 2]``."""
    kept = run.measurements(_FAMILY, condition)
    rows: list[tuple[int, int]] = []
    for clip in clips:
        m = kept[clip]
        hits, s, d, i = (int(getattr(m, f)) for f in ("hits", "substitutions", "deletions", "insertions"))
        rows.append((s + d + i, hits + s + d))
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def _common(trio: _Trio, condition: str) -> list[str]:
    members = (trio.audio, trio.video, *trio.both)
    shared = set.intersection(*(set(run.measurements(_FAMILY, condition)) for run in members))
    return [clip for clip in trio.audio.manifest.clips if clip in shared]


def _rate(counts: NDArray[np.int64], weights: NDArray[np.int64]) -> NDArray[np.float64]:
    sums = weights @ counts  # [resamples, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(100.0 * sums[:, 0] / sums[:, 1])


def _gain(trio: _Trio, run: Run, condition: str) -> Cell:
    clips = _common(trio, condition)
    if not clips:
        return Cell(None, "n/a", "higher", note="no clip was measured by all systems")
    groups = trio.audio.groups()
    weights = np.concatenate([np.ones((1, len(clips)), dtype=np.int64), draws([groups.get(c, "") for c in clips])])
    audio, video, both = (_rate(_counts(r, condition, clips), weights) for r in (trio.audio, trio.video, run))
    gains = np.minimum(audio, video) - both
    bounds = interval(gains[1:])
    value = fusion_gain(float(audio[0]), float(video[0]), float(both[0]))
    note = "fusion harms" if bounds is not None and bounds.high < 0 else ""
    shown = None if bounds is None else (bounds.low, bounds.high)
    return Cell(value, number(value, 2), "higher", interval=shown, note=note, n=len(clips))


def _tests(trio: _Trio) -> dict[tuple[str, str], tuple[Mapsswe, int]]:
    """Return (run, condition) -> MAPSSWE against the first audio-visual system."""
    found: dict[tuple[str, str], tuple[Mapsswe, int]] = {}
    first = trio.both[0]
    for condition in trio.conditions:
        said, of_first = transcripts(first, condition)
        for run in trio.both[1:]:
            found[str(run.path), condition] = mapsswe_of_texts(said, transcripts(run, condition)[1], of_first)
    return found


def _decibels(trio: _Trio) -> list[str]:
    """Return one sentence for each audio-visual system and noise that was measured at several ratios, 0 dB within."""
    by_noise: dict[str, list[tuple[float, str]]] = {}
    for name in trio.conditions:
        audio, visual = condition_parts(name)
        noise, _, level = audio.partition("@")
        if visual == "clean" and level and "+" not in audio:
            try:
                by_noise.setdefault(noise, []).append((float(level), name))
            except ValueError:
                continue
    sentences: list[str] = []
    groups = trio.audio.groups()
    for noise, found in by_noise.items():
        points = sorted(found)
        snrs = [level for level, _ in points]
        if len(snrs) < 2 or not snrs[0] <= 0.0 <= snrs[-1]:
            continue
        shared = set.intersection(*(set(_common(trio, name)) for _, name in points))
        clips = [clip for clip in trio.audio.manifest.clips if clip in shared]
        if len(clips) < 2:
            continue
        heard = np.stack([_counts(trio.audio, name, clips) for _, name in points])
        for run in trio.both:
            seen = np.stack([_counts(run, name, clips) for _, name in points])
            rates = [(c.sum(axis=1)[:, 0] / c.sum(axis=1)[:, 1]).tolist() for c in (heard, seen)]
            gain = effective_snr_gain(snrs, rates[0], rates[1])
            low, high = effective_snr_gain_interval(snrs, heard, seen, [groups.get(c, "") for c in clips])
            bound = f"{gain.censored} " if gain.censored else ""
            sentences.append(
                f"{system_title(run)}: seeing is worth {bound}{gain.value:.1f} dB of {noise} at 0 dB "
                f"({low:.1f} to {high:.1f}; audio alone {100 * gain.target:.1f} % WER)."
            )
    return sentences


def _table(trio: _Trio) -> Table:
    tests = _tests(trio)
    corrected: dict[str, Mapping[str, float]] = {
        str(run.path): holm({c: tests[str(run.path), c][0].p for c in trio.conditions}) for run in trio.both[1:]
    }
    columns: list[Column] = []
    rows: list[list[Cell]] = [[] for _ in trio.conditions]
    for run in trio.both:
        title = system_title(run)
        columns.append(Column(f"gain {run.path}", "Fusion gain", "points", "higher", 2, "fusion_gain", variant=title))
        for row, condition in zip(rows, trio.conditions, strict=True):
            row.append(_gain(trio, run, condition))
    first = system_title(trio.both[0])
    for run in trio.both[1:]:
        columns.append(
            Column(f"p {run.path}", "p", "", "none", 4, "mapsswe", variant=f"{system_title(run)} vs {first}")
        )
        for row, condition in zip(rows, trio.conditions, strict=True):
            test, count = tests[str(run.path), condition]
            p = corrected[str(run.path)][condition]
            note = f"Z = {test.z:.2f} over {test.segments} segments; below 0: fewer errors than {first}"
            verdict = "" if p >= ALPHA else " fewer errors" if test.z < 0 else " more errors"
            row.append(Cell(p, f"{number(p, 4)}{verdict}", "none", note=note, n=count))
    manifest = trio.audio.manifest
    return Table(
        title=f"What fusion gains: {manifest.dataset}/{manifest.split}",
        caption="Fusion gain min(A, V) - AV in points of word error rate; p-values of MAPSSWE, Holm over conditions.",
        columns=tuple(columns),
        rows=tuple(
            Row(condition_title(c), "", "", "", tuple(cells)) for c, cells in zip(trio.conditions, rows, strict=True)
        ),
        dataset=manifest.dataset,
        split=manifest.split,
        task=manifest.task,
        notes=tuple(_decibels(trio)),
        rows_are="condition",
    )


SECTION = Section("fusion", "what seeing adds to hearing", order=35, tables=fusion_tables)
