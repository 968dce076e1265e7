"""``syncbench report``, ``compare``, ``gate`` and ``publish``: they read runs and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncbench.cli.options import Json
from syncbench.errors import CommandError

__all__ = ["compare", "gate", "publish", "report"]

Runs = Annotated[list[Path], typer.Argument(help="Folders of runs; anchors beside a run come with it.")]


def report(
    runs: Runs,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("report"),
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not print the tables.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Write a leaderboard: index.html to open, .md, .tex and .csv to paste, figures/ to print.

    syncbench report runs/cals-lrs2-test runs/wav2lip-lrs2-test --out report
    """
    from syncbench.cli.progress import progress
    from syncbench.reports.report import gather, tables_of
    from syncbench.reports.report import report as write
    from syncbench.reports.terminal import print_tables

    with progress("report"):
        page = write(runs, out)
    if not quiet:
        print_tables(tables_of(gather(runs)))
    print(f"report: {page}")


def compare(
    run_a: Annotated[Path, typer.Argument(help="A run's folder.")],
    run_b: Annotated[Path, typer.Argument(help="Another run's folder, over the same clips.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: Json = False,
) -> None:
    """Compare two runs clip by clip: difference B - A with interval, p-value (Holm), and the clips that changed most.

    Scores whose signatures differ are refused, and the part that differs is named.
    """
    from syncbench.reports import compare as comparing
    from syncbench.runs import load_run

    comparison = comparing.compare(load_run(run_a), load_run(run_b))
    if as_json:
        print(comparing.to_json(comparison), end="")
    elif markdown:
        print(comparing.to_markdown(comparison), end="")
    else:
        comparing.print_comparison(comparison)


def gate(
    run: Annotated[Path, typer.Argument(help="The run to judge.")],
    against: Annotated[Path, typer.Option(help="The baseline's run.")],
    policy: Annotated[Path, typer.Option(help="TOML: per score, how much may be lost.")],
    summary: Annotated[Path | None, typer.Option(help="Append Markdown to this file ($GITHUB_STEP_SUMMARY).")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Exit 1 on a real regression, 0 on none, 2 where it cannot be told.

    A score fails only where its loss is larger than both floors of the policy and significant.
    """
    from syncbench.reports import gate as judging
    from syncbench.runs import load_run

    result = judging.gate(load_run(run), load_run(against), judging.load_policy(policy))
    try:
        if summary is not None:
            with summary.open("a", encoding="utf-8") as file:
                file.write(judging.to_markdown(result))
        if junit is not None:
            junit.write_text(judging.to_junit(result), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}") from error
    if as_json:
        print(judging.to_json(result), end="")
    else:
        judging.print_gate(result)
    raise typer.Exit(result.exit_code)


def publish(
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    to: Annotated[Path, typer.Option(help="The leaderboard's folder.")],
    model_index: Annotated[
        Path | None, typer.Option(help="Write model-card metadata (Hugging Face model-index) to this file.")
    ] = None,
) -> None:
    """Put a run into a leaderboard folder and rebuild its index. Safe with two writers."""
    from syncbench.reports import publish as publishing
    from syncbench.runs import load_run

    loaded = load_run(run)
    print(publishing.publish(loaded, to))
    if model_index is not None:
        try:
            model_index.write_text(publishing.model_index(loaded), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{model_index} cannot be written: {error.strerror}") from error
