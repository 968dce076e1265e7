"""Systems made and asked as a run does it, and the clips that they are asked about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from syncbench import registry
from syncbench.clip import Clip, Frames
from syncbench.feature import Features
from syncbench.options import read_options
from syncbench.runs.plan import given_parts, make_system
from syncbench.system import Given, Setup, System

__all__ = ["answer", "cut", "drawn", "dubbed", "given", "system"]


def system(name: str, argument: str = "", **options: str) -> System[Any]:
    """Return the system called ``name``, made from ``--option key=value`` pairs."""
    setup = Setup(read_options(registry.model(name).takes, options, f"model '{name}'"), argument)
    return make_system(name, setup)


def given(asked: System[Any], clip: Clip) -> Given:
    """Return what a system gets of a clip."""
    return Given(Features(clip), given_parts(asked, registry.task(asked.task)), asked.name)


def answer(asked: System[Any], clip: Clip) -> Any:
    """Return a system's answer to a clip."""
    return asked.answer(given(asked, clip))


def drawn(asked: System[Any], clip: Clip) -> Frames:
    """Return the frames that a generator draws for a clip."""
    return np.concatenate([*answer(asked, clip).video])


def cut(clip: Clip, seconds: float) -> Clip:
    """Return the first seconds of a clip."""
    assert clip.video is not None
    assert clip.speech is not None
    return replace(clip, video=replace(clip.video, end=seconds), speech=replace(clip.speech, end=seconds))


def dubbed(clip: Clip, other: Clip) -> Clip:
    """Return a clip that is to say what another one says."""
    return replace(clip, speech=other.speech, real=False)
