"""Everything by name, found through entry points; a bundled one exactly as a stranger's.

======================  =================================================================================
group                   what an entry point gives
======================  =================================================================================
``syncbench.datasets``      a ``Dataset``
``syncbench.models``        a subclass of ``System``
``syncbench.metrics``       a callable that gives a ``Metric``
``syncbench.tasks``         a ``Task``
``syncbench.evaluators``    a callable that gives a sync evaluator (``features.evaluators.SyncEvaluator``)
``syncbench.detectors``     a face detector (``faces.detector.Detector``)
``syncbench.faces``         who finds the face a clip is about (``features.faces.FaceFinder``)
``syncbench.landmarks``     a landmark provider (``features.landmarks.Provider``)
``syncbench.protocols``     how a clip is prepared for an evaluator (``features.evaluators.Protocol``)
``syncbench.readers``       a lip reader (``features.evaluators.LipReader``)
``syncbench.corruptions``   a ``Corruption``
``syncbench.sections``      a report's ``Section``
``syncbench.recipes``       a ``Recipe`` of training
======================  =================================================================================

Listing names imports nothing; loading imports one module.
"""

from __future__ import annotations

import inspect
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import PurePath
from typing import Any, TypeVar

from syncbench.dataset import Dataset
from syncbench.errors import ClipError, CommandError, Unavailable, debugging, one_line, unknown_name
from syncbench.faces.detector import Detector
from syncbench.features.evaluators import Protocol
from syncbench.features.faces import FaceFinder
from syncbench.features.landmarks import Provider
from syncbench.metric import Metric
from syncbench.recipe import Recipe
from syncbench.system import System
from syncbench.task import Task

__all__ = [
    "KINDS",
    "blamed",
    "build",
    "dataset",
    "detector",
    "face_finder",
    "forget",
    "landmarks",
    "load",
    "loaded",
    "metric",
    "metrics",
    "model",
    "names",
    "owner",
    "protocol",
    "recipe",
    "stranger",
    "task",
    "whose",
]

T = TypeVar("T")

KINDS = {
    kind: f"{kind}s"
    for kind in (
        "dataset", "model", "metric", "task", "evaluator", "protocol", "reader", "corruption", "section", "recipe",
        "detector",
    )
} | {"landmark provider": "landmarks", "face finder": "faces"}  # fmt: skip


@cache
def _entries(kind: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    offered = entry_points(group=f"syncbench.{KINDS[kind]}")
    for entry in sorted(offered, key=lambda entry: (_package(entry) != "syncbench", _package(entry))):
        first = found.setdefault(entry.name, entry)
        if first.value != entry.value:
            package = _package(entry)
            warnings.warn(f"{kind} '{entry.name}' of package {package} is ignored: the name is taken", stacklevel=2)
    return found


def forget() -> None:
    """Look for entry points anew at the next call: for programs that install plugins while they run."""
    _entries.cache_clear()
    load.cache_clear()


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "unknown"


def names(kind: str) -> list[str]:
    """Return the known names of a kind (a key of ``KINDS``), sorted, importing nothing."""
    return sorted(_entries(kind))


def owner(kind: str, name: str) -> str:
    """Return the package that ``name`` comes from, such as ``syncbench``; empty where nobody gives it."""
    entry = _entries(kind).get(name)
    return _package(entry) if entry else ""


@cache
def load(kind: str, name: str) -> Any:
    """Import and return what ``name`` stands for.

    Raises CommandError for unknown names and plugins that do not load, and Unavailable where one says that it lacks
    something.
    """
    entry = _entries(kind).get(name)
    if entry is None:
        raise unknown_name(kind, name, _entries(kind))
    try:
        return entry.load()
    except Unavailable as error:
        raise Unavailable(f"{whose(kind, name)}: {error}") from error
    except Exception as error:
        raise CommandError(f"{whose(kind, name)} does not load ({entry.value}): {one_line(error)}") from error


def loaded(kind: str) -> dict[str, Any]:
    """Return everything of a kind that loads, by name. One that does not is a warning naming it and its package."""
    found: dict[str, Any] = {}
    for name in names(kind):
        try:
            found[name] = load(kind, name)
        except (CommandError, Unavailable) as error:
            warnings.warn(str(error), stacklevel=2)
    return found


def whose(kind: str, name: str) -> str:
    """Say what a name is and who gives it: ``metric 'brightness' of package syncbench-example``."""
    return f"{kind} '{name}' of package {owner(kind, name)}"


def build(kind: str, name: str, make: Callable[[Any], T]) -> T:
    """Return ``make`` of what ``name`` stands for; a plugin's own mistake becomes a CommandError of one line."""
    thing = load(kind, name)
    try:
        return make(thing)
    except (ClipError, CommandError, Unavailable):
        raise
    except Exception as error:
        raise CommandError(f"{whose(kind, name)} cannot be made: {stranger(error)}") from error


@contextmanager
def blamed(kind: str, name: str, blame: type[Exception] = CommandError) -> Iterator[None]:
    """Turn a mistake of whoever gives ``name`` into one line that says whose it is; our own errors stay as they are."""
    try:
        yield
    except (ClipError, CommandError, Unavailable):
        raise
    except Exception as error:
        if debugging():
            traceback.print_exc()
        raise blame(f"{whose(kind, name)}: {stranger(error)}") from error


def stranger(error: BaseException) -> str:
    """Return a stranger's error as one line, with the file and line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({'/'.join(PurePath(frames[-1].filename).parts[-2:])}:{frames[-1].lineno})" if frames else ""
    return f"{one_line(error)}{where}"


def _checked(kind: str, name: str, thing: Any, wanted: type[T]) -> T:
    if not isinstance(thing, wanted):
        raise CommandError(f"{whose(kind, name)} is of type {type(thing).__name__}, no {wanted.__name__}")
    return thing


def dataset(name: str) -> Dataset:
    """Return the dataset called ``name``."""
    return _checked("dataset", name, load("dataset", name), Dataset)


def task(name: str) -> Task:
    """Return the task called ``name``."""
    return _checked("task", name, load("task", name), Task)


def landmarks(name: str) -> Provider:
    """Return the landmark provider called ``name``."""
    return _checked("landmark provider", name, load("landmark provider", name), Provider)


def detector(name: str) -> Detector:
    """Return the face detector called ``name``."""
    return _checked("detector", name, load("detector", name), Detector)


def face_finder() -> FaceFinder:
    """Return who finds the face that a clip is about."""
    return _checked("face finder", "bundled", load("face finder", "bundled"), FaceFinder)


def protocol(name: str) -> Protocol:
    """Return the protocol called ``name``."""
    return _checked("protocol", name, load("protocol", name), Protocol)


def model(name: str) -> type[System[Any]]:
    """Return the class of the system called ``name``."""
    found = load("model", name)
    if not (inspect.isclass(found) and issubclass(found, System)):
        raise CommandError(f"{whose('model', name)} is no subclass of System")
    return found


def recipe(name: str) -> Recipe:
    """Return the training recipe called ``name``."""
    return _checked("recipe", name, load("recipe", name), Recipe)


def metric(name: str) -> Metric:
    """Return the metric family called ``name``."""
    return _checked("metric", name, build("metric", name, lambda make: make()), Metric)


def metrics() -> dict[str, Metric]:
    """Return every metric that loads, by name. One that does not is a warning naming it and its package."""
    found: dict[str, Metric] = {}
    for name in names("metric"):
        try:
            found[name] = metric(name)
        except (CommandError, Unavailable) as error:
            warnings.warn(str(error), stacklevel=2)
    return found
