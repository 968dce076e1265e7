"""SyncBench: measure lip-sync, talking faces and audio-visual speech recognition.

    import syncbench
    run = syncbench.run(model="reference", dataset="lrs2", root="LRS2", limit=20)
    run.to_pandas()

Names are loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from syncbench._version import __version__

__all__ = [
    "Answer",
    "AudioVisual",
    "Clip",
    "ClipError",
    "CommandError",
    "Feature",
    "Given",
    "Measured",
    "Measurement",
    "Metric",
    "Options",
    "Ratios",
    "Recording",
    "Run",
    "Score",
    "ScoreSpec",
    "Setup",
    "Spans",
    "Speech",
    "System",
    "Task",
    "Text",
    "Unavailable",
    "Video",
    "__version__",
    "load_run",
    "run",
    "score_files",
]

if TYPE_CHECKING:
    from syncbench.answer import Answer, AudioVisual, Spans, Speech, Text, Video
    from syncbench.api import run
    from syncbench.clip import Clip, Recording
    from syncbench.errors import ClipError, CommandError, Unavailable
    from syncbench.feature import Feature
    from syncbench.measurement import Measurement, Ratios
    from syncbench.metric import Measured, Metric, Score, ScoreSpec
    from syncbench.options import Options
    from syncbench.runs import Run, load_run
    from syncbench.runs.score_files import score_files
    from syncbench.system import Given, Setup, System
    from syncbench.task import Task

_HOMES = {
    "answer": ("Answer", "AudioVisual", "Spans", "Speech", "Text", "Video"),
    "api": ("run",),
    "clip": ("Clip", "Recording"),
    "errors": ("ClipError", "CommandError", "Unavailable"),
    "feature": ("Feature",),
    "measurement": ("Measurement", "Ratios"),
    "metric": ("Measured", "Metric", "Score", "ScoreSpec"),
    "options": ("Options",),
    "runs": ("Run", "load_run"),
    "runs.score_files": ("score_files",),
    "system": ("Given", "Setup", "System"),
    "task": ("Task",),
}
_HOME_OF = {name: f"syncbench.{module}" for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'syncbench' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
