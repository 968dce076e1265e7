"""Datasets, models, metrics and recipes by name, found through entry points; a bundled one exactly as a stranger's.

Groups: ``syncbench.datasets`` (objects satisfying ``Dataset``), ``syncbench.models`` (``SystemFactory``),
``syncbench.metrics`` (callables giving a ``Metric``), ``syncbench.recipes`` (training functions). Listing names imports
nothing; loading imports one module.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from syncbench.contracts import Dataset, Metric, SystemFactory
from syncbench.errors import CommandError, Unavailable, unknown_name

__all__ = ["dataset", "distribution", "forget", "load", "metric", "metrics", "model", "names", "recipe"]

_KINDS = {"dataset": "datasets", "model": "models", "metric": "metrics", "recipe": "recipes"}


@cache
def _entries(kind: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=f"syncbench.{_KINDS[kind]}"):
        first = found.setdefault(entry.name, entry)
        if first.value != entry.value:
            owner = distribution(entry)
            warnings.warn(f"{kind} '{entry.name}' of package {owner} is ignored: the name is taken", stacklevel=2)
    return found


def forget() -> None:
    """Look for entry points anew at the next call: for programs that install plugins while they run."""
    _entries.cache_clear()


def distribution(entry: EntryPoint) -> str:
    """Return the name of the package an entry point comes from."""
    return entry.dist.name if entry.dist else "unknown"


def names(kind: str) -> list[str]:
    """Return the known names of a kind (``dataset``, ``model``, ``metric``, ``recipe``), sorted, importing nothing."""
    return sorted(_entries(kind))


def load(kind: str, name: str) -> Any:
    """Import and return what ``name`` stands for. Raises CommandError for unknown names and plugins that do not load."""
    entry = _entries(kind).get(name)
    if entry is None:
        raise unknown_name(kind, name, _entries(kind))
    try:
        return entry.load()
    except Unavailable:
        raise
    except Exception as error:
        owner = distribution(entry)
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise CommandError(f"{kind} '{name}' of package {owner} does not load ({entry.value}): {reason}") from error


def dataset(name: str) -> Dataset:
    """Return the dataset adapter called ``name``."""
    return cast("Dataset", load("dataset", name))


def model(name: str) -> SystemFactory:
    """Return the factory of the system called ``name``."""
    return cast("SystemFactory", load("model", name))


def metric(name: str) -> Metric:
    """Return the metric family called ``name``."""
    return cast("Metric", load("metric", name)())


def recipe(name: str) -> Any:
    """Return the training function of the model or evaluator called ``name``."""
    return load("recipe", name)


def metrics() -> dict[str, Metric]:
    """Return every metric that loads, by name. One that does not is a warning naming it and its package."""
    loaded: dict[str, Metric] = {}
    for name in names("metric"):
        try:
            loaded[name] = metric(name)
        except CommandError as error:
            warnings.warn(str(error), stacklevel=2)
    return loaded
