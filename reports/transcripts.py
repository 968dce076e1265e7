"""What was said and what a recogniser heard, clip by clip, under the run's normaliser."""

from __future__ import annotations

from syncbench.metrics.word_error import normaliser
from syncbench.runs import Run

__all__ = ["transcripts"]

_FAMILY = "word_error"


def transcripts(run: Run, condition: str = "") -> tuple[dict[str, str], dict[str, str]]:
    """Return what was said and what was heard, by clip, normalised alike, of the clips that were measured.

    Empty where the run measures no words.
    """
    said: dict[str, str] = {}
    heard: dict[str, str] = {}
    family = next((name for name in run.manifest.metrics if name.partition("-")[0] == _FAMILY), None)
    if family is None:
        return said, heard
    apply = normaliser(run.manifest.metrics[family]["normaliser"]).apply
    for clip in run.measurements(family, condition):
        said[clip] = apply(run.reference(clip, condition).transcript or "")
        heard[clip] = apply(run.output(clip, condition).transcript or "")
    return said, heard
