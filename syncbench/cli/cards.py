"""What ``describe`` says of one thing, as ordered key-value cards."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

from syncbench import registry
from syncbench.contracts import Dataset, ScoreSpec
from syncbench.errors import unknown_name

__all__ = ["dataset_card", "metric_card", "protocol_card", "source_card"]


def metric_card(name: str) -> dict[str, Any]:
    """Describe a metric family or one of its scores. Raises CommandError for unknown names."""
    from syncbench.validity import evidence

    known = registry.metrics()
    usual = sorted(known.items(), key=lambda item: getattr(item[1], "on_request", False), reverse=True)
    scores = {spec.name: (family, spec) for family, metric in usual for spec in metric.scores}  # the usual one wins
    if name not in known and name not in scores:
        raise unknown_name("metric", name, [*known, *scores])
    family = name if name in known else scores[name][0]
    metric = known[family]
    specs = metric.scores if name in known else (scores[name][1],)
    module = sys.modules[type(metric).__module__]
    return {
        "metric": family,
        "tasks": ", ".join(sorted(metric.tasks)),
        "settings": ", ".join(f"{key}={value}" for key, value in metric.settings.items()) or "-",
        "features": ", ".join(feature.name for feature in metric.features) or "-",
        "available": metric.unavailable() or "yes",
        "definition": _indented(inspect.getdoc(module) or inspect.getdoc(type(metric)) or ""),
        **{f"score {spec.name}": _indented(_spec_text(spec)) for spec in specs},
        "evidence": _indented("\n".join(evidence([spec.name for spec in specs])) or "none stored"),
    }


def _spec_text(spec: ScoreSpec) -> str:
    low, high = ("unbounded" if bound is None else f"{bound:g}" for bound in spec.range)
    reference = "needs the real video" if spec.reference else "needs no reference"
    better = {"higher": "higher is better", "lower": "lower is better", "none": "neither way is better"}[spec.direction]
    unit = f"; unit {spec.unit}" if spec.unit else ""
    return f"{spec.summary}\n{better}; range {low} to {high}{unit}; {reference}\n{spec.citation}"


def dataset_card(name: str, adapter: Dataset) -> dict[str, Any]:
    """Describe a dataset adapter."""
    module = sys.modules[type(adapter).__module__]
    return {
        "dataset": name,
        "title": adapter.title,
        "licence": adapter.licence,
        "source": adapter.url,
        "splits": ", ".join(adapter.splits),
        "needs --root": "yes" if adapter.needs_root else "no",
        "layout": _indented(inspect.getdoc(module) or ""),
    }


def protocol_card(name: str) -> dict[str, Any]:
    """Describe an evaluation protocol. Raises CommandError for unknown names."""
    from syncbench.baselines.syncnet_v2.protocols import lookup

    protocol = lookup(name)
    state = "yes" if protocol.prepare is not None else "not yet"
    return {"protocol": name, "signature": protocol.signature, "definition": protocol.summary, "available": state}


def source_card(name: str, thing: Any) -> dict[str, Any]:
    """Describe a model or recipe by its documentation and, where it has one, its model card."""
    module = inspect.getmodule(thing)
    folder = Path(inspect.getfile(thing)).parent
    card = folder / "card.md"
    return {
        "name": name,
        "summary": _indented(inspect.getdoc(thing) or ""),
        "module": module.__name__ if module else "",
        **({"card": _indented(card.read_text(encoding="utf-8").strip())} if card.is_file() else {}),
    }


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())
