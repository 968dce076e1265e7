"""``syncbench list`` and ``describe``: what there is, and what it is."""

from __future__ import annotations

import inspect
import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from syncbench.cli.options import Json
from syncbench.errors import unknown_name

__all__ = ["describe", "list_names"]


class Kind(StrEnum):
    metrics = "metrics"
    models = "models"
    datasets = "datasets"
    protocols = "protocols"
    recipes = "recipes"


def list_names(kind: Annotated[Kind, typer.Argument(help="What to list.")], as_json: Json = False) -> None:
    """List metrics, models, datasets, protocols or training recipes."""
    rows = _rows(kind)
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(f"{row['name']:24} {row['summary']}")


def _rows(kind: Kind) -> list[dict[str, str]]:
    from syncbench import registry

    if kind is Kind.metrics:
        return _metric_rows()
    if kind is Kind.datasets:
        loaded = {name: registry.dataset(name) for name in registry.names("dataset")}
        return [{"name": name, "summary": f"{adapter.title} ({adapter.licence})"} for name, adapter in loaded.items()]
    if kind is Kind.protocols:
        from syncbench.baselines.syncnet_v2.protocols import PROTOCOLS

        ready = {True: "", False: " [named, not there yet]"}
        return [{"name": p.name, "summary": p.summary + ready[p.prepare is not None]} for p in PROTOCOLS]
    singular = kind.value.removesuffix("s")
    return [{"name": name, "summary": _first_line(registry.load(singular, name))} for name in registry.names(singular)]


def _metric_rows() -> list[dict[str, str]]:
    """Return a row per score, its family named; a family measured on request alone is one row."""
    from syncbench import registry

    rows: list[dict[str, str]] = []
    for family, metric in registry.metrics().items():
        missing = metric.unavailable()
        state = f" [unavailable: {missing}]" if missing else ""
        if getattr(metric, "on_request", False):
            settings = ", ".join(f"{key}={value}" for key, value in metric.settings.items())
            names = ", ".join(spec.name for spec in metric.scores)
            rows.append({"name": family, "family": family, "summary": f"on request: {names} with {settings}{state}"})
            continue
        for spec in metric.scores:
            arrow = {"higher": "↑", "lower": "↓", "none": " "}[spec.direction]
            row = {"name": spec.name, "family": family, "summary": f"{arrow} {spec.summary} ({family}){state}"}
            rows.append(row)
    return rows


def _first_line(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def describe(
    kind: Annotated[str, typer.Argument(help="metric, model, dataset, protocol or recipe.")],
    name: Annotated[str, typer.Argument(help="A name of `syncbench list`.")],
    as_json: Json = False,
) -> None:
    """Say what a metric, model, dataset, protocol or recipe is: definition, units, range, source, evidence."""
    from syncbench import registry
    from syncbench.cli.cards import dataset_card, metric_card, protocol_card, source_card

    kind = kind.removesuffix("s")
    if kind == "metric":
        card = metric_card(name)
    elif kind == "dataset":
        card = dataset_card(name, registry.dataset(name))
    elif kind == "protocol":
        card = protocol_card(name)
    elif kind in {"model", "recipe"}:
        card = source_card(name, registry.load(kind, name))
    else:
        raise unknown_name("kind", kind, ["metric", "model", "dataset", "protocol", "recipe"])
    if as_json:
        print(json.dumps(card, indent=1, default=str))
        return
    for key, value in card.items():
        print(f"{key}: {value}" if "\n" not in str(value) else f"{key}:\n{value}")
