"""``syncbench list`` and ``describe``: what there is, and what it is."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from syncbench.cli.options import Json

__all__ = ["describe", "list_names"]


class Kind(StrEnum):
    metrics = "metrics"
    models = "models"
    datasets = "datasets"
    tasks = "tasks"
    corruptions = "corruptions"
    protocols = "protocols"
    evaluators = "evaluators"
    readers = "readers"
    landmarks = "landmarks"
    sections = "sections"
    recipes = "recipes"


def list_names(kind: Annotated[Kind, typer.Argument(help="What to list.")], as_json: Json = False) -> None:
    """List what there is of a kind: metrics, models, datasets, ... A plugin's package is named in brackets."""
    rows = _rows(kind)
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(f"{row['name']:24} {row['summary']}")


def _rows(kind: Kind) -> list[dict[str, str]]:
    from syncbench import registry
    from syncbench.cli.cards import summary_of

    if kind is Kind.metrics:
        return _metric_rows()
    of = next(singular for singular, group in registry.KINDS.items() if group == kind.value)
    return [
        {"name": name, "summary": f"{summary_of(of, thing)}{_whose(of, name)}"}
        for name, thing in registry.loaded(of).items()
    ]


def _whose(kind: str, name: str) -> str:
    from syncbench import registry

    package = registry.owner(kind, name)
    return "" if package == "syncbench" else f" [of {package}]"


def _metric_rows() -> list[dict[str, str]]:
    """Return a row per score, its family named; a family measured on request alone is one row."""
    from syncbench import registry

    rows: list[dict[str, str]] = []
    for family, metric in registry.metrics().items():
        missing = metric.unavailable()
        state = f" [unavailable: {missing}]" if missing else ""
        if metric.on_request:
            settings = ", ".join(f"{key}={value}" for key, value in metric.settings.items())
            names = ", ".join(spec.name for spec in metric.scores)
            rows.append(
                {
                    "name": family,
                    "family": family,
                    "summary": f"on request: {names} with {settings}{state}{_whose('metric', family)}",
                }
            )
            continue
        for spec in metric.scores:
            arrow = {"higher": "↑", "lower": "↓", "none": " "}[spec.direction]
            row = {
                "name": spec.name,
                "family": family,
                "summary": f"{arrow} {spec.summary} ({family}){state}{_whose('metric', family)}",
            }
            rows.append(row)
    return rows


def describe(
    kind: Annotated[
        str, typer.Argument(help="metric, model, dataset, task, corruption, ...: a kind of `syncbench list`.")
    ],
    name: Annotated[str, typer.Argument(help="A name of `syncbench list`.")],
    as_json: Json = False,
) -> None:
    """Say what a metric, model, dataset, task, ... is: definition, units, range, source, evidence."""
    from syncbench.cli.cards import card_of

    card = card_of(kind.removesuffix("s"), name)
    if as_json:
        print(json.dumps(card, indent=1, default=str))
        return
    for key, value in card.items():
        print(f"{key}: {value}" if "\n" not in str(value) else f"{key}:\n{value}")
