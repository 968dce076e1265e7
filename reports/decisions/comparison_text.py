"""A comparison as JSON, as Markdown, and in the terminal."""

from __future__ import annotations

import dataclasses
import json

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from syncbench.reports.decisions.compare import CHANGED, Comparison, Difference
from syncbench.reports.significance import RULE
from syncbench.reports.tables.table import arrow
from syncbench.reports.text import number, plain
from syncbench.reports.writers.markdown import bullets, escape
from syncbench.reports.writers.markdown import grid as pipe_table

__all__ = ["print_comparison", "to_json", "to_markdown"]


def to_json(comparison: Comparison) -> str:
    """Return the whole comparison as JSON."""
    record = dataclasses.asdict(comparison)
    for entry, found in zip(record["differences"], comparison.differences, strict=True):
        entry["verdict"] = found.verdict
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


_HEADS = ("score", "A", "B", "B - A", "95 %", "p (Holm)", "clips", "+/-/=", "verdict")
"""``+/-/=``: clips on which B is better, worse, equal."""


def _line(d: Difference) -> list[str]:
    label = f"{d.title} [{d.unit}]" if d.unit else d.title
    label = f"{label} {arrow(d.direction)}".rstrip() + (f" ({d.condition})" if d.condition else "")
    interval = "none" if d.low is None else f"{number(d.low, d.digits)} to {number(d.high, d.digits)}"
    return [
        label,
        number(d.a, d.digits),
        number(d.b, d.digits),
        f"{'+' if d.difference > 0 else ''}{number(d.difference, d.digits)}",
        interval,
        "none" if d.corrected is None else f"{d.corrected:.3g}",
        str(d.n),
        f"{d.better}/{d.worse}/{d.equal}" if d.direction != "none" else "",
        d.verdict,
    ]


def _remarks(comparison: Comparison) -> list[str]:
    remarks = [f"significant: {RULE}"]
    remarks += [f"{label}: refused, signatures differ in {parts}" for label, parts in comparison.refused]
    remarks += [f"{label}: not compared, {reason}" for label, reason in comparison.missing]
    remarks += [f"{label}: {reason}" for label, reason in comparison.withheld]
    by_reason: dict[str, list[str]] = {}
    for d in comparison.differences:
        if d.why_few:
            by_reason.setdefault(d.why_few, []).append(f"{d.title} ({d.condition})" if d.condition else d.title)
    remarks += [f"{', '.join(titles)}: {why}" for why, titles in by_reason.items()]
    for d in comparison.differences:
        if d.gained or d.lost:
            remarks.append(f"{d.title}: flips: {d.gained} clips flawless in B alone, {d.lost} in A alone")
    for name, clips in (("A", comparison.failed_in_a), ("B", comparison.failed_in_b)):
        if clips:
            some = ", ".join([*clips[:CHANGED], *(["…"] if len(clips) > CHANGED else [])])
            remarks.append(f"failed in {name} alone: {len(clips)} ({some})")
    return remarks


def _changes(d: Difference) -> str:
    return ", ".join(f"{c.clip} {number(c.a, d.digits)} → {number(c.b, d.digits)}" for c in d.changed)


def print_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """Print the comparison in the terminal."""
    console = console or Console()
    title = f"A = {comparison.a} ({comparison.model_a})   B = {comparison.b} ({comparison.model_b})"
    made = Grid(
        title=Text(plain(title), style="bold"),
        title_justify="left",
        border_style="dim",
        header_style="bold",
        box=box.ROUNDED,
        padding=(0, 0, 0, 1),
    )
    for i, text in enumerate(_HEADS):
        made.add_column(
            Text(text), justify="right" if 0 < i < 8 else "left", no_wrap=i in (1, 2, 3, 8), overflow="fold"
        )
    styles = {"B better": "green", "B worse": "red"}
    for d in comparison.differences:
        made.add_row(*(Text(plain(text)) for text in _line(d)), style=styles.get(d.verdict, ""))
    console.print(made)
    for remark in _remarks(comparison):
        console.print(Text(f"  {plain(remark)}", style="dim"))
    for d in comparison.differences:
        if d.changed:
            console.print(Text(f"  {plain(d.title)} changed most: {plain(_changes(d))}", style="dim"))


def to_markdown(comparison: Comparison) -> str:
    """Return the comparison as Markdown."""
    title = f"{comparison.b} ({comparison.model_b}) against {comparison.a} ({comparison.model_a})"
    rows = [[escape(text) for text in _line(d)] for d in comparison.differences]
    lines = [f"### {escape(title)}", "", *pipe_table(list(_HEADS), ["---", *["---:"] * 7, "---"], rows), ""]
    lines += bullets(escape(remark) for remark in _remarks(comparison))
    changed = [d for d in comparison.differences if d.changed]
    lines += bullets(f"{escape(d.title)} changed most: {escape(_changes(d))}" for d in changed)
    return "\n".join(lines) + "\n"
