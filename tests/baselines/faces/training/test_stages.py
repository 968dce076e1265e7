"""The generators' stages on real clips: in order, decided by the seed alone, tuned from others, with all their losses."""

from __future__ import annotations

import csv
import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from syncbench import registry
from syncbench.baselines.checkpoint import read_header
from syncbench.baselines.faces.networks import SMALL_FACE
from syncbench.clip import Clip
from syncbench.errors import CommandError
from syncbench.recipe import Recipe

from ...conftest import real_clips

GENERATORS = ["synctalkface", "cals", "wav2lip"]


@pytest.fixture(scope="module")
def clips(lrs2_grid: Path) -> list[Clip]:
    return real_clips(lrs2_grid, "train", 3)


def train(name: str, clips: list[Clip], folder: Path, **asked: Any) -> Path:
    recipe = registry.recipe(name)
    return recipe.train(recipe.training(clips, folder, **asked))


@pytest.mark.parametrize("name", GENERATORS)
def test_every_stage_trains_on_real_clips(name: str, clips: list[Clip], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="train the stage"):
        train(name, clips, tmp_path, stage="joint", steps=1)
    path = train(name, clips, tmp_path, steps=2)
    assert path == tmp_path / "weights.safetensors"
    load_generator = importlib.import_module(f"syncbench.baselines.faces.{name}.system").load_generator
    assert load_generator(path).config.face == SMALL_FACE
    for key, value in load_file(path).items():
        assert value.isfinite().all(), key


def test_a_stage_alone_returns_its_checkpoint(clips: list[Clip], tmp_path: Path) -> None:
    path = train("wav2lip", clips, tmp_path, stage="face", steps=2)
    assert path == tmp_path / "face.safetensors"
    assert read_header(path)["optimisation"]["steps"] == 2
    assert not (tmp_path / "weights.safetensors").exists()


def test_the_seed_alone_decides_a_training(clips: list[Clip], tmp_path: Path) -> None:
    def face(name: str, out: str, seed: int) -> Path:
        torch.rand(seed + 3)  # what was drawn before makes no difference
        return train(name, clips, tmp_path / out, stage="face", seed=seed, steps=2)

    first = face("wav2lip", "first", 0)
    assert face("wav2lip", "again", 0).read_bytes() == first.read_bytes()
    assert face("wav2lip", "other", 1).read_bytes() != first.read_bytes()
    # The generators learn to draw faces by one recipe: their face stages are the same network.
    drawn = load_file(first)
    for key, value in load_file(face("cals", "cals", 0)).items():
        assert torch.equal(value, drawn[key]), key


def test_a_model_is_tuned_from_finished_stages(clips: list[Clip], tmp_path: Path) -> None:
    first = train("wav2lip", clips, tmp_path / "first", stage="face", steps=1)
    tuned, fresh = (
        load_file(train("wav2lip", clips, tmp_path / out, stage="face", seed=1, steps=1, options=options))
        for out, options in (("tuned", {"start": str(tmp_path / "first")}), ("fresh", {}))
    )
    before = load_file(first)

    def apart(network: dict[str, torch.Tensor]) -> float:
        return max(float((network[key] - before[key]).abs().max()) for key in before if key.endswith("weight"))

    assert apart(tuned) < 0.01 < apart(fresh)
    with pytest.raises(CommandError, match=r"face\.safetensors is no checkpoint"):
        train("wav2lip", clips, tmp_path / "lost", stage="face", steps=1, options={"start": str(tmp_path / "nowhere")})


@pytest.mark.parametrize("name", GENERATORS)
def test_all_published_losses_train(
    name: str, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The small network by the paper preset's stages and weights: sync module, sync losses, discriminator."""
    presets = importlib.import_module(f"syncbench.baselines.faces.{name}.training.presets").PRESETS
    small, paper = presets["embedded"], presets["paper"]
    stages = {key: replace(value, batch=2) for key, value in {**small.stages, **paper.stages}.items()}
    order = [key for key in ("sync", "face", "audio", "memory", "context", "joint") if key in stages]
    whole = replace(small, weights=paper.weights, stages={key: stages[key] for key in order})
    monkeypatch.setitem(presets, "whole", whole)
    recipe: Recipe = replace(registry.recipe(name), presets={"whole": tuple(order)})
    recipe.train(recipe.training(clips, tmp_path, steps=1))
    logged = {row["name"] for row in csv.DictReader((tmp_path / "joint" / "metrics.csv").open())}
    assert {"reconstruction", "audio_visual", "adversarial", "judge"} <= logged
    assert ("discriminative" in logged) == (name == "cals")
    assert ("visual" in logged) == (name == "synctalkface")
    assert {f"val_{key}" for key in ("loss", "reconstruction")} <= logged
    after = load_file(tmp_path / "joint.safetensors")
    assert not [key for key in after if key.startswith("sync.")]  # the critic is no part of the model
    assert any(key.startswith("judge.") for key in after)
    assert load_file(tmp_path / "sync.safetensors")


@pytest.mark.parametrize("name", GENERATORS)
def test_the_paper_presets_have_the_stages_of_the_papers(name: str) -> None:
    presets = registry.recipe(name).presets
    assert next(iter(presets)) == "embedded", "the usual one"
    assert {"sync", "joint"} <= set(presets["paper"])
    assert presets["embedded"][:2] == ("face", "audio")
