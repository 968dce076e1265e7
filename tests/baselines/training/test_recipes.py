"""Every recipe, asked by name: it trains on a few clips, goes on after a kill, and writes what its system loads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file

from syncbench import registry
from syncbench.baselines.checkpoint import load_tensors
from syncbench.baselines.evaluators.expert.evaluator import embed
from syncbench.baselines.evaluators.landmarks.finder import MOUTHS
from syncbench.baselines.evaluators.landmarks.network import Landmarker
from syncbench.baselines.evaluators.lipreader.reader import read_mouths
from syncbench.baselines.recognisers.systems import RecogniserSystem
from syncbench.clip import Clip
from syncbench.errors import CommandError
from syncbench.feature import Features
from syncbench.features.speech import SPEECH
from syncbench.recipe import Training

from ..asking import answer, cut, drawn, system
from ..killing import assert_equal, killed_after

RECIPES = registry.names("recipe")
GENERATORS = ["cals", "synctalkface", "wav2lip"]
RECOGNISERS = ["avsr-audio", "avsr-video", "avsr-av", "vcafe", "av-relscore"]
STAGES = [(name, stage) for name in RECIPES for stage in next(iter(registry.recipe(name).presets.values()))]
STEPS = 2


Trained = Callable[[str], Path]


def training(name: str, clips: list[Clip], folder: Path, **asked: Any) -> Training[Any]:
    """Ask a recipe for two steps on two clips, or on as many as a recogniser's batch has."""
    some = clips * 4 if name == "avsr" else clips
    return registry.recipe(name).training(some, folder, steps=STEPS, **asked)


@pytest.fixture(scope="module")
def trained(synthetic_clips: list[Clip], tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train a recipe by name, all of its stages, once; return its folder."""
    done: dict[str, Path] = {}

    def train(name: str) -> Path:
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            written = registry.recipe(name).train(training(name, synthetic_clips, folder))
            assert written in (folder, folder / "weights.safetensors")
            done[name] = folder
        return done[name]

    return train


@pytest.mark.parametrize("name", RECIPES)
def test_it_trains_every_stage_and_writes_finite_numbers(name: str, trained: Trained) -> None:
    folder = trained(name)
    for _, stage in (pair for pair in STAGES if pair[0] == name):
        assert (folder / stage / "metrics.csv").read_text().startswith(f"step,name,value\n{STEPS},loss,")
        assert all(value.isfinite().all() for value in load_file(folder / f"{stage}.safetensors").values())


@pytest.mark.parametrize(("name", "stage"), STAGES)
def test_a_killed_stage_takes_the_same_steps(
    name: str,
    stage: str,
    trained: Trained,
    synthetic_clips: list[Clip],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, out = trained(name), tmp_path / "killed"
    shutil.copytree(whole, out)
    (out / f"{stage}.safetensors").unlink()

    def train(resume: bool, only: str | None = None) -> None:
        registry.recipe(name).train(training(name, synthetic_clips, out, stage=only, resume=resume))

    with killed_after(monkeypatch, stage, STEPS - 1):
        train(resume=True)
    with pytest.raises(CommandError, match=f"{stage}/checkpoint.* is of an unfinished training: go on"):
        train(resume=False, only=stage)
    train(resume=True)
    for file in whole.rglob("*.safetensors"):
        assert_equal(file, out / file.relative_to(whole))


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_draw_with_what_was_trained(name: str, trained: Trained, synthetic_clips: list[Clip]) -> None:
    clip = cut(synthetic_clips[0], 0.4)
    weights = trained(name) / "weights.safetensors"
    for asked in (system(name, weights=str(weights)), system(name, str(weights))):
        assert drawn(asked, clip).shape[0] == 10


@pytest.mark.parametrize("name", RECOGNISERS)
def test_recognisers_answer_with_what_was_trained(name: str, trained: Trained, synthetic_clips: list[Clip]) -> None:
    kind = registry.model(name)
    assert issubclass(kind, RecogniserSystem)
    weights = trained("avsr") / "fusion" / f"{kind.architecture}.safetensors"
    asked = system(name, weights=str(weights), decode="greedy")
    assert isinstance(answer(asked, synthetic_clips[0]).text, str)


def test_evaluators_measure_with_what_was_trained(trained: Trained, synthetic_clips: list[Clip]) -> None:
    features = Features(cut(synthetic_clips[0], 0.4))
    mouths, speech = features[MOUTHS], features[SPEECH]
    embedded = embed(mouths, speech, trained("expert") / "weights.safetensors")
    assert not np.array_equal(embedded["video"], embed(mouths, speech)["video"])
    assert isinstance(read_mouths(mouths, trained("lipreader") / "weights.safetensors"), str)
    Landmarker().load_state_dict(load_tensors(trained("landmarks") / "weights.safetensors"))


@pytest.mark.parametrize("name", RECIPES)
def test_wrong_requests_are_one_clear_line(name: str, synthetic_clips: list[Clip], tmp_path: Path) -> None:
    recipe = registry.recipe(name)
    first = next(iter(recipe.presets))
    stage = recipe.presets[first][-1]
    for said, asked in {
        f"unknown preset of recipe {name} '{first[:-1]}': did you mean {first}": {"preset": first[:-1]},
        f"unknown stage of recipe {name} '{stage[:-1]}': did you mean {stage}": {"stage": stage[:-1]},
        f"unknown option 'alsoo' of recipe '{name}': did you mean also": {"options": {"alsoo": "lrs2:x"}},
        f"unknown option 'word-steps' of recipe '{name}'": {"options": {"word-steps": "3"}},
    }.items():
        with pytest.raises(CommandError, match=said) as error:
            recipe.training(synthetic_clips, tmp_path, **asked)
        assert "\n" not in str(error.value)
    with pytest.raises(CommandError, match="there is no clip to train on"):
        recipe.training([], tmp_path)


@pytest.mark.parametrize("name", ["expert", "landmarks"])
def test_options_have_types(name: str, synthetic_clips: list[Clip], tmp_path: Path) -> None:
    recipe = registry.recipe(name)
    assert recipe.training(synthetic_clips, tmp_path, options={"rate": "1e-3"}).options.rate == 1e-3
    with pytest.raises(CommandError, match=f"--option rate=fast of recipe '{name}': .*valid number"):
        recipe.training(synthetic_clips, tmp_path, options={"rate": "fast"})


def test_recognisers_of_the_paper_are_trained_one_at_a_time(synthetic_clips: list[Clip], tmp_path: Path) -> None:
    recipe = registry.recipe("avsr")
    with pytest.raises(
        CommandError, match=r"preset paper .* trains one stage: --stage audio\|video\|av\|vcafe\|relscore"
    ):
        recipe.training(synthetic_clips, tmp_path, preset="paper")
    assert recipe.training(synthetic_clips, tmp_path, preset="paper", stage="vcafe").stages == ("vcafe",)


def test_an_unknown_further_data_set_is_said_clearly(synthetic_clips: list[Clip], tmp_path: Path) -> None:
    recipe = registry.recipe("expert")
    with pytest.raises(CommandError, match="unknown dataset 'lrs4': did you mean lrs"):
        recipe.train(recipe.training(synthetic_clips, tmp_path, options={"also": "lrs4:x"}))
