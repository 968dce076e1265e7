"""Run a function over many tasks in worker processes, and give results back as they come."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

__all__ = ["WorkerDied", "run_tasks"]

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")


class WorkerDied(Exception):
    """The worker process doing a task was killed (out of memory, a crash in native code)."""


def run_tasks(
    function: Callable[[S, T], R], shared: S, tasks: Sequence[T], workers: int
) -> Iterator[tuple[T, R | WorkerDied]]:
    """Yield ``(task, function(shared, task))`` as results come, in any order.

    With more than one worker everything must pickle; ``shared`` is sent once to each process. A task whose worker dies is
    tried once more, alone; if that worker dies too, its result is ``WorkerDied``.
    """
    if workers <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield task, function(shared, task)
        return
    waiting: deque[T] = deque(tasks)
    suspects: deque[T] = deque()
    while waiting:
        yield from _in_pool(function, shared, waiting, workers, suspects)
    while suspects:
        task = suspects.popleft()
        again: deque[T] = deque()
        yield from _in_pool(function, shared, deque([task]), 1, again)
        if again:
            yield task, WorkerDied("the worker process died twice at this clip; out of memory?")


def _in_pool(
    function: Callable[[S, T], R], shared: S, waiting: deque[T], workers: int, lost: deque[T]
) -> Iterator[tuple[T, R]]:
    """Work through ``waiting`` until it is empty or a worker dies; what was under way then goes to ``lost``."""
    context = multiprocessing.get_context("spawn")
    start = (os.getpid(), function, shared)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=start) as pool:
        running: dict[Future[R], T] = {}
        broken = False
        while running or (waiting and not broken):
            while waiting and not broken and len(running) < 2 * workers:
                try:
                    running[pool.submit(_do, waiting[0])] = waiting[0]
                    waiting.popleft()
                except BrokenProcessPool:
                    broken = True
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    broken = True
                    lost.append(task)
                else:
                    yield task, result


_job: Callable[[Any], Any] | None = None


def _begin(parent: int, function: Callable[[Any, Any], Any], shared: Any) -> None:
    """Remember the job, and end this worker when its parent is gone, however it went."""
    global _job
    _job = lambda task: function(shared, task)  # noqa: E731

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _do(task: Any) -> Any:
    assert _job is not None
    return _job(task)
