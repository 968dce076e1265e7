"""``syncbench gate``: did it get worse? For continuous integration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncbench.cli.options import Json
from syncbench.errors import CommandError

__all__ = ["gate"]


def gate(
    run: Annotated[Path, typer.Argument(help="The run to judge.")],
    against: Annotated[Path, typer.Option(help="The baseline's run.")],
    policy: Annotated[Path, typer.Option(help="TOML: per score, how much may be lost.")],
    summary: Annotated[Path | None, typer.Option(help="Append Markdown to this file ($GITHUB_STEP_SUMMARY).")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Exit 1 on a real regression, 0 on none, 2 where it cannot be told.

    A score fails only where its loss is larger than both floors of the policy and significant, or where clips that the
    baseline measured were lost.
    """
    from syncbench.reports.decisions import gate_text
    from syncbench.reports.decisions.gate import gate as judge
    from syncbench.reports.decisions.policy import load_policy
    from syncbench.runs import load_run

    result = judge(load_run(run), load_run(against), load_policy(policy))
    try:
        if summary is not None:
            with summary.open("a", encoding="utf-8") as file:
                file.write(gate_text.to_markdown(result))
        if junit is not None:
            junit.write_text(gate_text.to_junit(result), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}") from error
    if as_json:
        print(gate_text.to_json(result), end="")
    else:
        gate_text.print_gate(result)
    raise typer.Exit(result.exit_code)
