"""``syncbench score``: the scores of one video, with or without the real one beside it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncbench.cli.options import Json, names
from syncbench.errors import CommandError

if TYPE_CHECKING:
    from syncbench.runs.score_files import Scored

__all__ = ["Face", "score"]

_BESIDE = ("av_offset", "offset_certainty")  # what one video is asked for first

Face = Annotated[
    str, typer.Option(help="Which face: auto, largest, active (whose lips follow the speech), N, x,y,w,h, or frame.")
]


def score(
    video: Annotated[Path, typer.Argument(help="A video of a talking face, of any size.", show_default=False)],
    reference: Annotated[
        Path | None, typer.Argument(help="The real video of the same speech.", show_default=False)
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="The words said, for scores that read lips.", show_default=False)
    ] = None,
    face: Face = "auto",
    metrics: Annotated[
        str | None,
        typer.Option(help="Families or scores, comma-separated; default all that apply.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Print the scores of the details too.")] = False,
    as_json: Json = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Measure one video: no dataset, no run. Exit 1 where nothing could be measured.

    syncbench score talk.mp4

    syncbench score generated.mp4 real.mp4 --text "bin blue at f two now"
    """
    from syncbench.runs.score_files import score_files

    for path in (video, reference):
        if path is not None and not path.exists():
            raise CommandError(f"{path}: no such file")
    found = score_files(video, reference, text, face, names(metrics))
    if as_json:
        scores = [{k: v for k, v in asdict(s).items() if k not in {"low", "high", "condition"}} for s in found.scores]
        said = {
            "video": video,
            "speech": found.speech,
            "face": found.face,
            "remarks": found.remarks,
            "scores": scores,
        }
        print(json.dumps(said, indent=1, default=str))
    else:
        _print(video, reference, found, everything or metrics is not None)
    if all(s.value is None for s in found.scores):
        raise typer.Exit(1)


def _print(video: Path, reference: Path | None, found: Scored, everything: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from syncbench.reports.tables.table import arrow

    shown = [s for s in found.scores if s.value is not None and (everything or s.headline or s.name in _BESIDE)]
    table = Table(box=box.ROUNDED)
    table.add_column("score")
    table.add_column("value", justify="right")
    table.add_column("measured with", overflow="fold")
    for s in shown:
        value = f"{s.value:.{s.digits}f}{f' {s.unit}' if s.unit else ''}"
        table.add_row(f"{s.title} {arrow(s.direction)}".strip(), value, _with(s.signature))
    console = Console()
    if shown:
        console.print(table)
    measured = {s.metric for s in found.scores if s.value is not None}
    reasons = dict.fromkeys(
        (s.title if s.metric in measured else s.metric, s.reason) for s in found.scores if s.value is None and s.reason
    )
    for what, reason in reasons:
        console.print(f"  no {what}: {reason}", style="dim", markup=False, highlight=False)
    for remark in found.remarks:
        console.print(f"  {remark}", style="dim", markup=False, highlight=False)


def _with(text: str) -> str:
    """Return what a signature says of who measured, without what is the same for every file."""
    from syncbench.signature import parse

    _, parts = parse(text)
    return ", ".join(f"{k} {v}" for k, v in parts.items() if k not in {"dataset", "fps", "v", "n"})
