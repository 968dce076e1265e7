"""What ``describe`` says of one thing, as ordered key-value cards."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

from syncbench import registry
from syncbench.corruptions.corruption import Corruption
from syncbench.dataset import Dataset
from syncbench.errors import unknown_name
from syncbench.features.evaluators import Protocol
from syncbench.metric import ScoreSpec
from syncbench.task import Task

__all__ = ["card_of", "summary_of"]


def summary_of(kind: str, thing: Any) -> str:
    """Return one line about a thing of a kind (of ``registry.KINDS``)."""
    if isinstance(thing, Dataset):
        return f"{thing.title} ({thing.licence})"
    if isinstance(thing, Protocol) and thing.frames is None:
        return f"{thing.summary} [named, not there yet]"
    said = getattr(thing, "summary", None)
    return said if isinstance(said, str) else (inspect.getdoc(thing) or "").partition("\n")[0]


def card_of(kind: str, name: str) -> dict[str, Any]:
    """Describe a thing by kind and name. Raises CommandError for unknown ones."""
    if kind == "metric":
        return _metric_card(name)
    kinds = {group.removesuffix("s"): singular for singular, group in registry.KINDS.items()}
    if kind not in kinds:
        raise unknown_name("kind", kind, kinds)
    thing = registry.load(kinds[kind], name)
    if isinstance(thing, Dataset):
        return _dataset_card(name, thing)
    if isinstance(thing, Protocol):
        state = "yes" if thing.frames is not None else "not yet"
        return {"protocol": name, "signature": thing.signature, "definition": thing.summary, "available": state}
    if isinstance(thing, Task):
        return _task_card(thing)
    if isinstance(thing, Corruption):
        return _corruption_card(thing)
    return _source_card(kinds[kind], name, thing)


def _metric_card(name: str) -> dict[str, Any]:
    from syncbench.validity import evidence

    known = registry.metrics()
    usual = sorted(known.items(), key=lambda item: item[1].on_request, reverse=True)
    scores = {spec.name: (family, spec) for family, metric in usual for spec in metric.scores}  # the usual one wins
    if name not in known and name not in scores:
        raise unknown_name("metric", name, [*known, *scores])
    family = name if name in known else scores[name][0]
    metric = known[family]
    specs = metric.scores if name in known else (scores[name][1],)
    module = sys.modules[type(metric).__module__]
    return {
        "metric": family,
        "measures": " and ".join(sorted(metric.inputs)),
        "tasks": ", ".join(name for name, task in registry.loaded("task").items() if metric.applies(task)) or "-",
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


def _dataset_card(name: str, adapter: Dataset) -> dict[str, Any]:
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


def _task_card(task: Task) -> dict[str, Any]:
    return {
        "task": task.name,
        "summary": task.summary,
        "given": ", ".join(sorted(task.given)),
        "answers": " or ".join(kind.__name__ for kind in task.answers),
        "measured with": ", ".join(sorted(task.kept)) or "-",
        "anchors": ", ".join(f"{anchor.model} ({anchor.title})" for anchor in task.anchors) or "-",
        "headline": ", ".join(task.headline) or "-",
    }


def _corruption_card(row: Corruption) -> dict[str, Any]:
    written = row.name + {"folder": ":DIR", "talkers": "[N]", "": ""}[row.takes]
    return {
        "corruption": row.name,
        "stream": row.stream,
        "summary": row.summary,
        "written": f"{written}@VALUE" if row.range else written,
        "range": f"{row.range[0]:g} to {row.range[1]:g}" if row.range else "-",
        "short name": row.alias or "-",
        "comes and goes": f"{row.name}{row.intermittent}" if row.intermittent else "-",
        "version": str(row.version),
    }


def _source_card(kind: str, name: str, thing: Any) -> dict[str, Any]:
    """Describe a thing by its documentation and, where it has one, its model card."""
    at = thing if inspect.isclass(thing) or inspect.isfunction(thing) else type(thing)
    module = inspect.getmodule(at)
    card = Path(inspect.getfile(at)).parent / "card.md"
    return {
        "name": name,
        "summary": _indented(summary_of(kind, thing) if not inspect.isclass(thing) else inspect.getdoc(thing) or ""),
        "module": module.__name__ if module else "",
        "package": registry.owner(kind, name),
        **({"card": _indented(card.read_text(encoding="utf-8").strip())} if card.is_file() else {}),
    }


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())
