"""Runs: plan, do, keep, sum up, read back, verify."""

from syncbench.runs.beside import companions, runs_in, with_companions
from syncbench.runs.engine import check, default_out, run
from syncbench.runs.manifest import Manifest, Request
from syncbench.runs.record import ANCHORS, Run, load_run
from syncbench.runs.summary import Failure, Summary
from syncbench.runs.sweep import parse_sweep, swept
from syncbench.runs.verify import verify

__all__ = [
    "ANCHORS",
    "Failure",
    "Manifest",
    "Request",
    "Run",
    "Summary",
    "check",
    "companions",
    "default_out",
    "load_run",
    "parse_sweep",
    "run",
    "runs_in",
    "swept",
    "verify",
    "with_companions",
]
