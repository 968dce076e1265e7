"""``syncbench report``, ``compare``, ``gate`` and ``publish``: they read runs and nothing else."""

from __future__ import annotations

__all__ = ["compare", "gate", "publish", "report"]


def report() -> None:
    """later"""


def compare() -> None:
    """later"""


def gate() -> None:
    """later"""


def publish() -> None:
    """later"""
