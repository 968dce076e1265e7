"""The application: its commands, in the order of the help page."""

from __future__ import annotations

from typing import Annotated

import typer

from syncbench._version import __version__
from syncbench.cli import data, weights
from syncbench.cli.compare import compare
from syncbench.cli.describe import describe, list_names
from syncbench.cli.doctor import doctor
from syncbench.cli.env import env
from syncbench.cli.example import example
from syncbench.cli.gate import gate
from syncbench.cli.publish import publish
from syncbench.cli.report import report
from syncbench.cli.run import run
from syncbench.cli.score import score
from syncbench.cli.sync import sync
from syncbench.cli.train import train
from syncbench.cli.validate_metrics import validate_metrics
from syncbench.cli.verify import verify

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
        print(__version__)
        raise typer.Exit


@app.callback()
def _top(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


app.command("run")(run)
app.command("train")(train)
app.command("score")(score)
app.command("sync")(sync)
app.command("report")(report)
app.command("compare")(compare)
app.command("gate")(gate)
app.command("publish")(publish)
app.command("verify")(verify)
app.command("doctor")(doctor)
app.command("validate-metrics")(validate_metrics)
app.command("list")(list_names)
app.command("describe")(describe)
app.add_typer(data.app, name="data")
app.add_typer(weights.app, name="weights")
app.command("example")(example)
app.command("env")(env)
