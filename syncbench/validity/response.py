"""How a score responds to a ladder of faults, and whether that is what was promised."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass

from syncbench.validity.expectations import expected

__all__ = ["Response", "Step", "from_json", "line", "to_json", "verdict"]

STRONG = 0.95
"""Kendall's tau an expected answer must reach."""


@dataclass(frozen=True, slots=True)
class Step:
    """A corpus score at one level of a ladder; ``low`` and ``high`` bound its difference from level 0 (95 %)."""

    level: float
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Response:
    """How one score responds to one ladder.

    Attributes:
        tau: Kendall's tau between level and corpus score over the ladder's steps, ``low`` and ``high`` its 95 % interval
            over resampled clips; None where sums cannot be resampled.
        smallest: the smallest level told apart from none at 95 %; None where no level is.
        clips: how many clips were measured at every level.
        settings: what measured it: evaluator and weights, protocol, landmarks, as signatures say them.
    """

    score: str
    ladder: str
    unit: str
    tau: float
    low: float | None
    high: float | None
    smallest: float | None
    clips: int
    steps: tuple[Step, ...]
    settings: str = ""


def verdict(response: Response) -> str:
    """Return ``holds``, ``fails``, or an empty string where nothing was promised.

    An expected rise or fall holds with tau of at least 0.95 in that direction; indifference holds where no level of the
    ladder is told apart from none at 95 %.
    """
    sign = expected(response.score, response.ladder)
    if not sign:
        return ""
    if sign == "0":
        return "holds" if response.smallest is None else "fails"
    return "holds" if (response.tau if sign == "+" else -response.tau) >= STRONG else "fails"


def line(response: Response) -> str:
    """Say one response in one line."""
    sign = {"+": "must rise", "-": "must fall", "0": "must not care", "": "no promise"}[
        expected(response.score, response.ladder)
    ]
    interval = (
        f" [{response.low:+.2f}, {response.high:+.2f}]"
        if response.low is not None and response.high is not None
        else ""
    )
    told = f"told from {response.smallest:g} {response.unit}" if response.smallest is not None else "never told apart"
    first, last = response.steps[0].value, response.steps[-1].value
    return (
        f"{response.ladder:16} {sign:13} {verdict(response) or '-':5}  tau {response.tau:+.2f}{interval}, {told}, "
        f"{first:.4g} to {last:.4g}, {response.clips} clips"
    )


def to_json(responses: Iterable[Response]) -> str:
    """Write responses down."""
    return json.dumps([dataclasses.asdict(response) for response in responses], indent=1)


def from_json(text: str) -> list[Response]:
    """Read responses back."""
    return [
        Response(**{**record, "steps": tuple(Step(**step) for step in record["steps"])}) for record in json.loads(text)
    ]
