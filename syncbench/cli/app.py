"""The application: its commands, in the order of the help page."""

from __future__ import annotations

from typing import Annotated

import typer

import syncbench
from syncbench.cli import data, describe, environment, evaluate, reporting, train, weights

__all__ = ["app"]

app = typer.Typer(
    name="syncbench",
    help="Measure lip-sync, talking faces and audio-visual speech recognition.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(syncbench.__version__)
        raise typer.Exit


@app.callback()
def _top(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


app.command("run")(evaluate.run)
app.command("train")(train.train)
app.command("report")(reporting.report)
app.command("compare")(reporting.compare)
app.command("gate")(reporting.gate)
app.command("publish")(reporting.publish)
app.command("verify")(evaluate.verify)
app.command("validate-metrics")(evaluate.validate_metrics)
app.command("list")(describe.list_names)
app.command("describe")(describe.describe)
app.add_typer(data.app, name="data")
app.add_typer(weights.app, name="weights")
app.command("env")(environment.env)
