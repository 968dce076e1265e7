"""The weights that ship with the package: every file is loaded by a door of the registry, and answers or measures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench import baselines, registry
from syncbench.answer import check_answer
from syncbench.clip import Clip
from syncbench.feature import Feature, Features
from syncbench.files import file_hash

from .asking import answer, system

SHIPPED = {file_hash(file)[:8]: file for folder in baselines.__path__ for file in Path(folder).rglob("*.safetensors")}
SYSTEMS = [name for name, kind in registry.loaded("model").items() if "weights" in kind.takes.model_fields]
EVALUATORS = {
    "expert": registry.load("evaluator", "expert")().embeddings,
    "lipreader": registry.load("reader", "lipreader")().hypothesis,
    "landmarks": registry.landmarks("bundled").feature,
}


@pytest.fixture(scope="module")
def clip(synthetic_clips: list[Clip]) -> Clip:
    return synthetic_clips[0]


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_weights_of_every_system_load_and_answer(name: str, clip: Clip) -> None:
    asked = system(name)
    assert asked.settings["weights"] in SHIPPED
    task = registry.task(asked.task)
    found = check_answer(answer(asked, clip), task.answers, task.name)
    assert asked.traces == set(found.traces)


@pytest.mark.parametrize("feature", EVALUATORS.values(), ids=EVALUATORS)
def test_the_weights_of_every_evaluator_load_and_measure(feature: Feature, clip: Clip) -> None:
    assert feature.weights[:8] in SHIPPED
    value = Features(clip)[feature]
    for array in value.values() if isinstance(value, dict) else (value,):
        assert array.size
        assert np.isfinite(array).all()


def test_no_weights_are_shipped_that_nothing_loads() -> None:
    loaded = {system(name).settings["weights"] for name in SYSTEMS} | {f.weights[:8] for f in EVALUATORS.values()}
    loaded |= {registry.detector("mtcnn").weights[:8]}
    assert loaded == set(SHIPPED)


def test_every_evaluator_has_its_weights_or_says_how_to_get_them() -> None:
    asked = [registry.load("evaluator", name)().unavailable() for name in registry.names("evaluator")]
    asked += [registry.detector(name).unavailable() for name in registry.names("detector")]
    asked += [registry.landmarks(name).unavailable() for name in registry.names("landmark provider")]
    assert all(missing is None or "syncbench" in missing for missing in asked)
