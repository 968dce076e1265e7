"""Runs: plan, do, keep, sum up, read back, verify."""

from syncbench.runs.engine import default_out, run, run_anchor
from syncbench.runs.manifest import Manifest, Request
from syncbench.runs.record import ANCHORS, Run, load_run
from syncbench.runs.summary import Failure, Summary
from syncbench.runs.verify import verify

__all__ = [
    "ANCHORS",
    "Failure",
    "Manifest",
    "Request",
    "Run",
    "Summary",
    "default_out",
    "load_run",
    "run",
    "run_anchor",
    "verify",
]
