"""``syncbench report``: everything people open and papers print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["report"]


def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs; what was run beside a run comes with it.")],
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("report"),
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not print the tables.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Write a leaderboard: index.html to open, .md, .tex and .csv to paste, figures/ to print.

    syncbench report runs/cals-lrs2-test runs/wav2lip-lrs2-test --out report
    """
    from syncbench.progress import progress
    from syncbench.reports.report import gather
    from syncbench.reports.report import report as write
    from syncbench.reports.section import tables_of
    from syncbench.reports.writers.terminal import print_tables

    with progress("report"):
        page = write(runs, out)
    if not quiet:
        print_tables(tables_of(gather(runs)))
    print(f"report: {page}")
