"""The recognisers' recipe on real clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from syncbench import registry
from syncbench.baselines.recognisers import systems
from syncbench.baselines.recognisers.network import ARCHITECTURES
from syncbench.baselines.recognisers.presets import EMBEDDED
from syncbench.baselines.recognisers.training.corpus import read_corpus
from syncbench.clip import Clip
from syncbench.media import clip_speech

from ...asking import answer, system
from ...conftest import real_clips


@pytest.fixture(scope="module")
def clips(lrs2_grid: Path) -> list[Clip]:
    return real_clips(lrs2_grid, "test", 8)


def test_real_clips_are_prepared_once_and_trained_on(clips: list[Clip], tmp_path: Path) -> None:
    recipe = registry.recipe("avsr")
    silent = replace(clips[0], id="s1/silent", transcript=None)
    folder = recipe.train(recipe.training([*clips, silent], tmp_path, stage="audio", steps=1))
    assert systems.load_recogniser(folder / "audio" / "audio.safetensors").architecture == "audio"
    assert (tmp_path / "prepared" / "left_out.txt").read_text() == "s1/silent: has no transcript\n"
    corpus = read_corpus(tmp_path / "prepared")
    assert len(corpus) == 8
    example = corpus[3]
    assert example.text == clips[3].transcript
    assert [w.text for w in example.words] == example.text.split()
    assert np.abs(example.wave() - np.clip(clip_speech(clips[3], example.frames), -1, 1)).max() < 1e-4
    assert example.mouths.shape == (75, EMBEDDED.stored, EMBEDDED.stored)


def test_every_stage_runs_on_real_clips_of_two_data_sets(lrs2_grid: Path, clips: list[Clip], tmp_path: Path) -> None:
    real, other = lrs2_grid, tmp_path / "other"
    names = [line.split()[0] for line in (real / "train.txt").read_text().splitlines()[:4]]
    for name in names:
        for suffix in (".mp4", ".txt"):
            link = other / "mvlrs_v1" / "main" / (name + suffix)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(real / "mvlrs_v1" / "main" / (name + suffix))
    (other / "train.txt").write_text("".join(f"{name}\n" for name in names))
    (other / "landmarks68.npz").symlink_to(real / "landmarks68.npz")
    recipe = registry.recipe("avsr")
    folder = recipe.train(recipe.training(clips, tmp_path / "out", steps=1, options={"also": f"lrs2:{other}"}))
    assert len(read_corpus(folder / "prepared")) == 8
    assert len(read_corpus(folder / "prepared-also")) == 4
    for name in ARCHITECTURES:
        network = systems.load_recogniser(folder / "fusion" / f"{name}.safetensors")
        assert network.architecture == name
        assert all(bool(p.isfinite().all()) for p in network.parameters())
    weights = str(folder / "fusion" / "relscore.safetensors")
    found = answer(system("av-relscore", weights=weights, decode="greedy"), clips[0])
    assert isinstance(found.text, str)
    assert found.traces["reliability_video"].shape == (75,)
