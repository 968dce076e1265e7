"""Responses as a study would find them."""

from __future__ import annotations

from syncbench.validity.response import Response, Step


def response(score: str, ladder: str, values: list[float], tau: float, smallest: float | None) -> Response:
    steps = tuple(Step(float(i), value, None, None) for i, value in enumerate(values))
    return Response(score, ladder, "px", tau, None, None, smallest, 5, steps)
