"""Evidence: run the study, write it down, and say it in a metric's card."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from syncbench import registry
from syncbench.clip import Clip
from syncbench.errors import CommandError
from syncbench.progress import progress
from syncbench.validity.figure import draw
from syncbench.validity.response import Response, from_json, line, to_json, verdict
from syncbench.validity.study import study

__all__ = ["evidence", "validate"]


@cache
def _stored() -> list[Response]:
    file = files("syncbench.validity") / "evidence.json"
    return from_json(file.read_text(encoding="utf-8")) if file.is_file() else []


def evidence(scores: Iterable[str]) -> list[str]:
    """Return the stored evidence of the scores, one line per ladder; made by ``syncbench validate-metrics``."""
    wanted = list(scores)
    lines: list[str] = []
    for settings in dict.fromkeys(response.settings for response in _stored() if response.score in wanted):
        lines.append(f"measured with {settings}:")
        lines += [
            f"{response.score:20} {line(response)}" if len(wanted) > 1 else line(response)
            for response in _stored()
            if response.score in wanted and response.settings == settings
        ]
    return lines


def validate(
    metrics: Sequence[str],
    dataset: str,
    root: Path | None,
    split: str,
    limit: int | None,
    seed: int,
    out: Path,
    workers: int | None = None,
) -> Iterator[str]:
    """Run the study over a dataset, write ``evidence.json`` and a figure per score under ``out``, and say each response."""
    known = registry.metrics()
    task = registry.task("talking-face")
    names = metrics or [name for name, metric in known.items() if metric.applies(task)]
    listed = registry.dataset(dataset).clips(root, split, limit, seed)
    clips = [clip for clip in listed if isinstance(clip, Clip)]
    with progress("faults") as update:
        responses = study(names, clips, seed, workers or os.cpu_count() or 1, update)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "evidence.json").write_text(to_json(responses) + "\n", encoding="utf-8")
        for score in dict.fromkeys(response.score for response in responses):
            draw([response for response in responses if response.score == score], out / f"{score}.svg")
    except OSError as error:
        raise CommandError(f"--out {out} cannot be written: {error.strerror}") from error
    for response in responses:
        yield f"{response.score:22} {line(response)}"
    judged = [verdict(response) for response in responses if verdict(response)]
    yield f"{judged.count('holds')} of {len(judged)} expected responses hold; evidence: {out / 'evidence.json'}"
