"""What the presets of all generators have: a configuration, stages, and what is changed at random."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from syncbench.baselines.faces.networks import Face
from syncbench.baselines.faces.training.augment import Augment
from syncbench.baselines.training.optimisation import Cosine, Optimisation

__all__ = ["EMBEDDED_AUGMENT", "EMBEDDED_STAGES", "Preset", "embedded_stage"]

embedded_stage = partial(Optimisation, precision="bf16-mixed", schedule=Cosine(warm_up=100, decay=0.5))
"""A stage of the embedded presets: ``steps``, ``batch`` and ``rate`` are its own."""

EMBEDDED_STAGES: Mapping[str, Optimisation] = {
    "face": embedded_stage(steps=20_000, batch=12, rate=2e-3),
    "audio": embedded_stage(steps=3000, batch=64, rate=2e-3),
}
"""The first stages of every embedded preset: one training serves all three generators."""

EMBEDDED_AUGMENT = Augment(mirror=True, jitter=3, level=0.4, bands=2)


class _Weights(Protocol):
    @property
    def edges(self) -> float: ...
    @property
    def focus(self) -> float: ...
    @property
    def adversarial(self) -> float: ...


class _HasFace(Protocol):
    @property
    def face(self) -> Face: ...


class Preset(Protocol):
    """A preset of any of the generators."""

    @property
    def config(self) -> _HasFace: ...
    @property
    def stages(self) -> Mapping[str, Optimisation]: ...
    @property
    def weights(self) -> _Weights: ...
    @property
    def augment(self) -> Augment: ...
