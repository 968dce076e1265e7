"""Runs: plan, do, keep, sum up, read back, verify."""

from syncbench.runs.companions import companions, runs_in, with_companions
from syncbench.runs.engine import check, run
from syncbench.runs.manifest import Manifest
from syncbench.runs.plan import listing
from syncbench.runs.request import Request, default_out
from syncbench.runs.run import Run, load_run
from syncbench.runs.summary import Failure, Summary
from syncbench.runs.sweep import parse_sweep, swept
from syncbench.runs.verify import verify

__all__ = [
    "Failure",
    "Manifest",
    "Request",
    "Run",
    "Summary",
    "check",
    "companions",
    "default_out",
    "listing",
    "load_run",
    "parse_sweep",
    "run",
    "runs_in",
    "swept",
    "verify",
    "with_companions",
]
