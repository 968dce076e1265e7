"""What the page says of one run: how its clips score, the worst and best of them, and where every number comes from."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from syncbench import media
from syncbench.clip import SAMPLE_RATE, SAMPLES_PER_FRAME
from syncbench.errors import ClipError
from syncbench.files import file_hash
from syncbench.metric import Score
from syncbench.reports.tables.titles import (
    anchor_of,
    condition_parts,
    digest,
    is_clean,
    is_real,
    link,
    score_labels,
    system_title,
)
from syncbench.reports.text import number, percent
from syncbench.reports.writers import vector
from syncbench.reports.writers.exhibits import Exhibit, chosen, exhibit, headline
from syncbench.runs import Failure, Run
from syncbench.runs.faces import kept_faces
from syncbench.runs.journal import ANSWER

__all__ = ["Details", "details"]

_FACES = 60
"""Clips whose faces are shown."""


@dataclass(frozen=True, slots=True)
class _Slot:
    slot: int
    frame: int
    share: str
    picture: str


@dataclass(frozen=True, slots=True)
class _Item:
    """An exhibit as the template wants it."""

    clip: str
    place: str
    label: str
    real: str
    made: str
    seconds: str
    said: str | None
    heard: str | None
    scores: tuple[tuple[str, str], ...]
    lanes: tuple[tuple[str, Markup], ...]
    shift: Markup
    shift_title: str
    slots: tuple[_Slot, ...]
    trouble: str


@dataclass(frozen=True, slots=True)
class _Grid:
    title: str
    across: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


@dataclass(frozen=True, slots=True)
class Details:
    """One run's part of the page."""

    id: str
    title: str
    run: str
    dataset: str
    task: str
    listed: int
    answered: int
    settings: tuple[tuple[str, str], ...]
    headline: str
    histograms: tuple[tuple[str, Markup], ...]
    exhibits: tuple[_Item, ...]
    faces: tuple[tuple[str, str], ...]
    grids: tuple[_Grid, ...]
    scores: tuple[Score, ...]
    failures: tuple[Failure, ...]
    remarks: tuple[str, ...]
    digest: str
    provenance: tuple[tuple[str, str], ...]


def details(run: Run, folder: Path) -> Details:
    """Return a run's part of the page; the media that it shows are written to ``folder``, which lies beside the page."""
    rows = run.to_pandas()
    score = headline(run)
    condition = score.condition if score else run.conditions[0]
    items: list[_Item] = []
    for clip, place in chosen(run):
        its = rows[(rows["clip"] == clip) & (rows["condition"] == condition)]
        items.append(_item(run, exhibit(run, clip, place, condition, folder, its)))
    histograms: list[tuple[str, Markup]] = []
    titles = score_labels(run.summary.scores)
    by_score = {key: part["value"].to_numpy(float) for key, part in rows.groupby(["metric", "score", "condition"])}
    for known in run.summary.scores:
        values = by_score.get((known.metric, known.name, known.condition), np.zeros(0))
        if is_clean(known.condition) and np.isfinite(values).sum() > 1:
            unit = f" [{known.unit}]" if known.unit else ""
            title = f"{titles[known.metric, known.name]}{unit}"
            histograms.append((title, vector.histogram(values, title)))
    return Details(
        id=link(run).removeprefix("#"),
        title=system_title(run),
        run=run.name,
        dataset=f"{run.manifest.dataset}/{run.manifest.split}",
        task=run.manifest.task,
        listed=run.summary.listed,
        answered=run.summary.answered,
        settings=tuple(run.manifest.settings.items()),
        headline=score.title if score else "",
        histograms=tuple(histograms),
        faces=_faces(run, folder),
        exhibits=tuple(items),
        grids=tuple(_grids(run.summary.scores)),
        scores=tuple(run.summary.scores),
        failures=tuple(run.summary.failures),
        remarks=tuple(run.summary.remarks),
        digest=digest(run),
        provenance=tuple(_flat(run.manifest.model_dump(mode="json", exclude={"clips"}))),
    )


def _flat(record: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in record.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        elif value not in (None, "", [], {}):
            yield f"{prefix}{key}", " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _faces(run: Run, folder: Path) -> tuple[tuple[str, str], ...]:
    """Copy what was taken for the face of each answered clip to ``folder``; return clips and addresses."""
    shown: list[tuple[str, str]] = []
    condition = run.conditions[0]
    entries = ((clip, run.entries.get((clip, condition, ANSWER))) for clip in run.manifest.clips)
    answered = tuple(clip for clip, entry in entries if entry is not None and entry.status == "done")
    for clip, path in list(kept_faces(run.path, answered, condition).items())[:_FACES]:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"face-{file_hash(path)[:16]}.jpg"
        shutil.copyfile(path, folder / name)
        shown.append((clip, f"{folder.name}/{name}"))
    return tuple(shown)


def _item(run: Run, shown: Exhibit) -> _Item:
    frames = len(shown.speech) // SAMPLES_PER_FRAME
    itself = is_real(run)  # the answer is the real video: one player is enough
    lanes: list[tuple[str, Markup]] = [("speech", vector.waveform(shown.speech))]
    curves = dict(shown.curves)
    shift, shift_title = Markup(""), ""
    if "offset" in curves and "distance" in curves and curves["offset"].shape == curves["distance"].shape:
        offsets, distances = curves.pop("offset"), curves.pop("distance")
        shift = vector.shift_plot(offsets, distances)
        best = int(offsets[int(np.nanargmin(distances))]) if np.isfinite(distances).any() else 0
        shift_title = (
            f"distance by offset: smallest at {best:+d} frames ({best * 40:+d} ms; + means the speech is early)"
        )
    for name, values in {**curves, **shown.traces}.items():
        lanes.append((name, _drawn(name, np.asarray(values), frames)))
    return _Item(
        clip=shown.clip,
        place=shown.place,
        label="real" if itself else anchor_of(run) or "generated",
        real="" if itself else shown.real,
        made=shown.made,
        seconds=f"{len(shown.speech) / SAMPLE_RATE:.3f}",
        said=shown.said,
        heard=shown.heard,
        scores=shown.scores,
        lanes=tuple((name, drawn) for name, drawn in lanes if drawn),
        shift=shift,
        shift_title=shift_title,
        slots=tuple(_slots(run, shown)),
        trouble=shown.trouble,
    )


def _drawn(name: str, values: NDArray[Any], frames: int) -> Markup:
    """Return a curve [n] or a heat map [n, k] in step with the clip; nothing for values that are not over time."""
    if values.dtype.kind not in "fiub" or values.ndim not in (1, 2) or len(values) < 2:
        return Markup("")
    if values.ndim == 2:
        return vector.heat_map(values, name)
    series = values.astype(float)
    missing = frames - len(series)
    if 0 < missing <= 10:  # windows are shorter than the clip: each is drawn at its middle frame
        series = np.pad(series, (missing // 2, missing - missing // 2), constant_values=np.nan)
    return vector.curve(series, name)


def _slots(run: Run, shown: Exhibit, most: int = 8) -> list[_Slot]:
    """Return the memory slots a clip used most, each with the frame that used it most."""
    found = [v for name, v in shown.traces.items() if "address" in name and np.ndim(v) == 2 and np.shape(v)[1] > 1]
    if not found:
        return []
    address = np.asarray(found[0], dtype=float)  # [T, slots]
    try:
        footage = media.clip_footage(run.output(shown.clip, shown.condition))
    except ClipError:
        return []
    share = address.sum(axis=0) / max(address.sum(), 1e-12)
    slots: list[_Slot] = []
    for slot in np.argsort(-share, kind="stable")[:most]:
        frame = int(address[:, slot].argmax())
        if frame < len(footage):
            slots.append(_Slot(int(slot), frame, percent(share[slot]), vector.picture(footage[frame : frame + 1][0])))
    return slots


def _grids(scores: Sequence[Score]) -> Iterable[_Grid]:
    """Yield, per score, its values by corruption of speech and picture, where there is more than one condition."""
    titles = score_labels(scores)
    for key in dict.fromkeys((score.metric, score.name) for score in scores if not is_clean(score.condition)):
        own = [score for score in scores if (score.metric, score.name) == key]
        cells = {condition_parts(score.condition): score for score in own}
        down = list(dict.fromkeys(key[0] for key in cells))
        across = list(dict.fromkeys(key[1] for key in cells))
        values = [score.value for score in own if score.value is not None]
        low, high = (min(values), max(values)) if values else (0.0, 1.0)

        def shown(score: Score | None, low: float = low, high: float = high) -> tuple[str, int]:
            if score is None or score.value is None:
                return "n/a", 0
            return number(score.value, score.digits), round(8 * (score.value - low) / ((high - low) or 1.0))

        rows = tuple((a, tuple(shown(cells.get((a, v))) for v in across)) for a in down)
        unit = f" [{own[0].unit}]" if own[0].unit else ""
        yield _Grid(f"{titles[key]}{unit}", tuple(across), rows)
