"""SyncBench: measure lip-sync, talking faces and audio-visual speech recognition.

    import syncbench
    run = syncbench.run(model="reference", dataset="lrs2", root="LRS2", limit=20)
    run.to_pandas()

Names are loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Clip",
    "ClipError",
    "CommandError",
    "Measurement",
    "Run",
    "Score",
    "System",
    "Unavailable",
    "__version__",
    "load_run",
    "run",
]

if TYPE_CHECKING:
    from syncbench.api import run
    from syncbench.contracts import Answer, Clip, Measurement, Score, System
    from syncbench.errors import ClipError, CommandError, Unavailable
    from syncbench.runs import Run, load_run

_HOMES = {
    "run": "syncbench.api",
    "Answer": "syncbench.contracts",
    "Clip": "syncbench.contracts",
    "Measurement": "syncbench.contracts",
    "Score": "syncbench.contracts",
    "System": "syncbench.contracts",
    "ClipError": "syncbench.errors",
    "CommandError": "syncbench.errors",
    "Unavailable": "syncbench.errors",
    "Run": "syncbench.runs",
    "load_run": "syncbench.runs",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'syncbench' has no attribute '{name}'")
