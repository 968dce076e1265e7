"""Evidence: run the study, write it down, and say it in a metric's card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from syncbench.errors import CommandError
from syncbench.validity.expectations import expected

if TYPE_CHECKING:
    from syncbench.validity.study import Answer

__all__ = ["Verdict", "evidence", "validate", "verdict"]

STRONG = 0.95
"""Kendall's tau an expected answer must reach."""
Verdict = str


def verdict(answer: Answer) -> Verdict:
    """Return ``holds``, ``fails``, or an empty string where nothing was promised.

    An expected rise or fall holds with tau of at least 0.95 in that direction; indifference holds where no level of the
    ladder is told apart from none at 95 %.
    """
    sign = expected(answer.score, answer.ladder)
    if not sign:
        return ""
    if sign == "0":
        return "holds" if answer.smallest is None else "fails"
    return "holds" if (answer.tau if sign == "+" else -answer.tau) >= STRONG else "fails"


def line(answer: Answer) -> str:
    """Say one answer in one line."""
    sign = {"+": "must rise", "-": "must fall", "0": "must not care", "": "no promise"}[
        expected(answer.score, answer.ladder)
    ]
    interval = f" [{answer.low:+.2f}, {answer.high:+.2f}]" if answer.low is not None and answer.high is not None else ""
    told = f"told from {answer.smallest:g} {answer.unit}" if answer.smallest is not None else "never told apart"
    first, last = answer.steps[0].value, answer.steps[-1].value
    return (
        f"{answer.ladder:16} {sign:13} {verdict(answer) or '-':5}  tau {answer.tau:+.2f}{interval}, {told}, "
        f"{first:.4g} to {last:.4g}, {answer.clips} clips"
    )


@cache
def _stored() -> list[Answer]:
    from syncbench.validity.study import from_json

    file = files("syncbench.validity") / "evidence.json"
    return from_json(file.read_text(encoding="utf-8")) if file.is_file() else []


def evidence(scores: Iterable[str]) -> list[str]:
    """Return the stored evidence of the scores, one line per ladder; made by ``syncbench validate-metrics``."""
    wanted = list(scores)
    lines: list[str] = []
    for settings in dict.fromkeys(answer.settings for answer in _stored() if answer.score in wanted):
        lines.append(f"measured with {settings}:")
        lines += [
            f"{answer.score:20} {line(answer)}" if len(wanted) > 1 else line(answer)
            for answer in _stored()
            if answer.score in wanted and answer.settings == settings
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
    """Run the study over a dataset, write ``evidence.json`` and a figure per score under ``out``, and say each answer."""
    import os

    from syncbench import registry
    from syncbench.cli.progress import progress
    from syncbench.contracts import Clip
    from syncbench.validity.figure import draw
    from syncbench.validity.study import study, to_json

    known = registry.metrics()
    names = metrics or [name for name, metric in known.items() if "talking-face" in metric.tasks]
    listed = registry.dataset(dataset).clips(root, split, limit, seed)
    clips = [clip for clip in listed if isinstance(clip, Clip)]
    with progress("faults") as update:
        answers = study(names, clips, seed, workers or os.cpu_count() or 1, update)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "evidence.json").write_text(to_json(answers) + "\n", encoding="utf-8")
        for score in dict.fromkeys(answer.score for answer in answers):
            draw([answer for answer in answers if answer.score == score], out / f"{score}.svg")
    except OSError as error:
        raise CommandError(f"--out {out} cannot be written: {error.strerror}") from error
    for answer in answers:
        yield f"{answer.score:22} {line(answer)}"
    judged = [verdict(answer) for answer in answers if verdict(answer)]
    yield f"{judged.count('holds')} of {len(judged)} expected answers hold; evidence: {out / 'evidence.json'}"
