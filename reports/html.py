"""The page: one HTML file that works offline and asks no host for anything; videos lie beside it as files.

Everything that came from a run goes through jinja2's autoescape. A content security policy, given by the hashes of the
page's own style and script, lets nothing else run or load even if an escape were missed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

import syncbench
from syncbench.contracts import SAMPLES_PER_FRAME, Score
from syncbench.corruptions.spelling import parse
from syncbench.errors import ClipError, CommandError
from syncbench.reports import vector
from syncbench.reports.gallery import Exhibit, chosen, exhibit, headline, labels
from syncbench.reports.leaderboard import anchor_of, digest, is_clean, link, system_title
from syncbench.reports.table import Cell, Table, arrow
from syncbench.reports.text import number, plain
from syncbench.runs import Failure, Run

__all__ = ["Figure", "render", "write_page"]

MEDIA = "media"


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn figure: ``figures/<name>.pdf``, ``.svg`` and ``.png`` exist."""

    name: str
    title: str


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
class _Page:
    """One system's section."""

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
    grids: tuple[_Grid, ...]
    scores: tuple[Score, ...]
    failures: tuple[Failure, ...]
    remarks: tuple[str, ...]
    digest: str
    provenance: tuple[tuple[str, str], ...]


def write_page(
    runs: Sequence[Run],
    tables: Sequence[Table],
    published: Sequence[Table],
    figures: Sequence[Figure],
    out: Path,
) -> Path:
    """Write ``index.html`` and the media it shows under ``out``; return the page's path."""
    pages = [_page(run, out / MEDIA) for run in runs]
    path = out / "index.html"
    path.write_text(render(tables, published, pages, figures), encoding="utf-8")
    return path


def render(
    tables: Sequence[Table], published: Sequence[Table], pages: Sequence[_Page], figures: Sequence[Figure]
) -> str:
    """Return the page's text."""
    style, script = _asset("page.css"), _asset("page.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, loader=FunctionLoader(_asset), trim_blocks=False, finalize=_clean
    )
    environment.globals.update(arrow=arrow, num=number, bar=_bar)
    return environment.get_template("page.html").render(
        policy=_policy(style, script),
        version=syncbench.__version__,
        style=Markup(style),
        script=Markup(script),
        tables=[(table, _scales(table)) for table in tables],
        published=[(table, [(None, None)] * len(table.columns)) for table in published],
        pages=pages,
        figures=figures,
        choices=[
            ("dataset", _each(table.dataset for table in tables)),
            ("task", _each(table.task for table in tables)),
            ("protocol", _each(protocol for table in tables for protocol in table.protocols)),
        ],
    )


def _asset(name: str) -> str:
    return (files("syncbench.reports") / "templates" / name).read_text(encoding="utf-8")


def _clean(value: Any) -> Any:
    """Take control and bidirectional characters out of every text that is not ours."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _policy(style: str, script: str) -> str:
    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; style-src {source(style)}; script-src {source(script)}; img-src 'self' file: data:; "
        "media-src 'self' file:; base-uri 'none'; form-action 'none'"
    )


def _each(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})


def _scales(table: Table) -> list[tuple[tuple[float, float] | None, float | None]]:
    """Return, per column, the span its bars share and the real video's value.

    Where all columns are one score (under corruptions), they share one span, so that bars compare across too.
    """
    columns = range(len(table.columns))
    one = len({column.title for column in table.columns}) == 1
    scales: list[tuple[tuple[float, float] | None, float | None]] = []
    for i in columns:
        cells = [row.cells[j] for row in table.rows for j in (columns if one else (i,))]
        ends = [end for c in cells if c.value is not None for end in (c.value, *(c.interval or ()))]
        real = next((r.cells[i].value for r in table.anchors if r.anchor == "reference"), None)
        margin = 0.05 * (max(ends) - min(ends)) if ends else 0.0
        scales.append(((min(ends) - margin, max(ends) + margin) if len(set(ends)) > 1 else None, real))
    return scales


def _bar(cell: Cell, span: tuple[float, float], real: float | None) -> Markup:
    assert cell.value is not None
    return vector.interval_bar(cell.value, cell.interval, span, real)


def _page(run: Run, media: Path) -> _Page:
    rows = run.to_pandas()
    score = headline(run)
    condition = score.condition if score else run.conditions[0]
    items: list[_Item] = []
    for clip, place in chosen(run):
        its = rows[(rows["clip"] == clip) & (rows["condition"] == condition)]
        items.append(_item(run, exhibit(run, clip, place, condition, media, its)))
    histograms: list[tuple[str, Markup]] = []
    titles = labels(run.summary.scores)
    by_score = {key: part["value"].to_numpy(float) for key, part in rows.groupby(["metric", "score", "condition"])}
    for known in run.summary.scores:
        values = by_score.get((known.metric, known.name, known.condition), np.zeros(0))
        if is_clean(known.condition) and np.isfinite(values).sum() > 1:
            unit = f" [{known.unit}]" if known.unit else ""
            title = f"{titles[known.metric, known.name]}{unit}"
            histograms.append((title, vector.histogram(values, title)))
    return _Page(
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


def _item(run: Run, shown: Exhibit) -> _Item:
    frames = len(shown.speech) // SAMPLES_PER_FRAME
    itself = anchor_of(run) == "reference"  # the answer is the real video: one player is enough
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
        seconds=f"{len(shown.speech) / 16000:.3f}",
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
        frames = run.output(shown.clip, shown.condition).frames()
    except ClipError:
        return []
    share = address.sum(axis=0) / max(address.sum(), 1e-12)
    slots: list[_Slot] = []
    for slot in np.argsort(-share, kind="stable")[:most]:
        frame = int(address[:, slot].argmax())
        if frame < len(frames):
            slots.append(_Slot(int(slot), frame, f"{100 * share[slot]:.1f} %", vector.picture(frames[frame])))
    return slots


def _grids(scores: Sequence[Score]) -> Iterable[_Grid]:
    """Yield, per score, its values by corruption of speech and picture, where there is more than one condition."""
    titles = labels(scores)
    for key in dict.fromkeys((score.metric, score.name) for score in scores if not is_clean(score.condition)):
        own = [score for score in scores if (score.metric, score.name) == key]
        cells = {_both(score.condition): score for score in own}
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


def _both(condition: str) -> tuple[str, str]:
    try:
        found = parse(condition)
    except CommandError:  # written by a later version that knows more corruptions
        return condition, ""
    return found.audio, found.visual
