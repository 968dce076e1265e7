"""``syncbench compare``: two runs, clip by clip."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncbench.cli.options import Json

__all__ = ["compare"]


def compare(
    run_a: Annotated[Path, typer.Argument(help="A run's folder.")],
    run_b: Annotated[Path, typer.Argument(help="Another run's folder, over the same clips.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: Json = False,
) -> None:
    """Compare two runs clip by clip: difference B - A with interval, p-value (Holm), and the clips that changed most.

    Scores whose signatures differ are refused, and the part that differs is named.
    """
    from syncbench.reports.decisions import comparison_text
    from syncbench.reports.decisions.compare import compare as compare_runs
    from syncbench.runs import load_run

    comparison = compare_runs(load_run(run_a), load_run(run_b))
    if as_json:
        print(comparison_text.to_json(comparison), end="")
    elif markdown:
        print(comparison_text.to_markdown(comparison), end="")
    else:
        comparison_text.print_comparison(comparison)
