"""The generators' training: the same steps whether killed or not, logs, checkpoints, and every stage on real clips."""

from __future__ import annotations

import csv
import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from syncbench.baselines.corpus import Corpus, prepare
from syncbench.baselines.family import SMALL_FACE
from syncbench.baselines.stages import Augment, mirror
from syncbench.baselines.talking_face import find_landmarks
from syncbench.baselines.training import (
    Judge,
    Optimisation,
    Pictures,
    fit,
    load_networks,
    read_header,
    save_networks,
)
from syncbench.contracts import Clip
from syncbench.datasets.lrs2 import LRS2
from syncbench.errors import CommandError


class Regression(nn.Module):
    """Fits a line through dropout, so that a step depends on torch's randomness as well."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(3, 1)
        self.drop = nn.Dropout(0.5)

    def forward(self, batch: dict[str, Tensor]) -> tuple[dict[str, Tensor], Pictures | None]:
        guess = self.line(self.drop(batch["x"]))
        loss = (guess - batch["y"]).square().mean()
        return {"loss": loss}, Pictures(batch["x"][:, :1], (guess,))


def batches(rng: np.random.Generator, step: int) -> dict[str, np.ndarray[Any, Any]]:
    x = rng.standard_normal((8, 3)).astype(np.float32)
    return {"x": x, "y": x.sum(axis=1, keepdims=True)}


RECIPE = Optimisation(steps=30, batch=8, rate=1e-2, decay=0.5, warm_up=5)


def run(out: Path, resume: bool = False, stop: int | None = None, judged: bool = True) -> dict[str, Tensor]:
    torch.manual_seed(5)
    objective = Regression()
    judge = Judge(nn.Linear(1, 1)) if judged else None

    def until(rng: np.random.Generator, step: int) -> dict[str, np.ndarray[Any, Any]]:
        if step == stop:
            raise KeyboardInterrupt
        return batches(rng, step)

    path = fit(
        stage="line",
        out=out,
        objective=objective,
        networks={"line": objective.line},
        batches=until,
        recipe=RECIPE,
        config={"kind": "line"},
        seed=3,
        resume=resume,
        judge=judge,
        validate=lambda: {"loss": 0.5},
        validate_every=10,
        save_seconds=0.0,
    )
    return load_file(path)


def test_a_killed_training_takes_the_same_steps(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", stop=17)
    resumed = run(tmp_path / "killed", resume=True)
    assert whole.keys() == resumed.keys()
    for key, value in whole.items():
        torch.testing.assert_close(resumed[key], value, rtol=0, atol=0)
    steps = [row["step"] for row in csv.DictReader((tmp_path / "killed" / "line" / "metrics.csv").open())]
    assert sorted(set(map(int, steps))) == [20, 30]


def test_a_finished_stage_is_not_trained_again(tmp_path: Path) -> None:
    first = run(tmp_path)
    again = run(tmp_path, resume=True, stop=0)
    for key, value in first.items():
        torch.testing.assert_close(again[key], value)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, resume=False, stop=0)


def test_logs_and_header(tmp_path: Path) -> None:
    run(tmp_path)
    rows = list(csv.DictReader((tmp_path / "line" / "metrics.csv").open()))
    assert {row["name"] for row in rows} == {"loss", "judge", "steps_per_second", "val_loss"}
    assert list((tmp_path / "line" / "tensorboard").glob("events*"))
    header = read_header(tmp_path / "line.safetensors")
    assert header["config"] == {"kind": "line"}
    assert (header["step"], header["seed"], header["recipe"]["rate"]) == (30, 3, 1e-2)


def test_training_learns(tmp_path: Path) -> None:
    run(tmp_path)
    losses = [
        float(row["value"])
        for row in csv.DictReader((tmp_path / "line" / "metrics.csv").open())
        if row["name"] == "loss"
    ]
    assert losses[-1] < losses[0]


def test_rate_rises_and_falls() -> None:
    factors = [RECIPE.factor(step) for step in range(30)]
    assert factors[0] == pytest.approx(0.2)
    assert factors[4:16] == [1.0] * 12
    assert factors[29] < 0.02
    assert Optimisation(steps=10, batch=1).factor(9) == 1.0


def test_half_precision_is_stored_and_read_back(tmp_path: Path) -> None:
    network = nn.BatchNorm2d(2)
    path = tmp_path / "half.safetensors"
    save_networks(path, {"net": network}, {}, half=True)
    assert load_file(path)["net.weight"].dtype == torch.float16
    assert load_file(path)["net.num_batches_tracked"].dtype == torch.int64
    load_networks(path, {"net": network})
    assert network.weight.dtype == torch.float32


def test_wrong_checkpoints_are_said_clearly(tmp_path: Path) -> None:
    path = tmp_path / "line.safetensors"
    save_networks(path, {"net": nn.Linear(2, 2)}, {})
    with pytest.raises(CommandError, match="does not fit"):
        load_networks(path, {"net": nn.Linear(3, 2)})
    path.write_bytes(b"no checkpoint")
    with pytest.raises(CommandError, match="is no checkpoint"):
        read_header(path)


def corpus(lengths: list[int]) -> Corpus:
    frames = sum(lengths)
    pixels = np.arange(frames, dtype=np.int64).astype(np.uint8)[:, None, None, None] + np.zeros((1, 4, 4, 3), np.uint8)
    starts = np.cumsum([0, *lengths])
    mel = np.repeat(np.arange(starts[-1] * 4, dtype=np.float32)[:, None], 80, axis=1)
    return Corpus(pixels, mel, starts, starts * 4)


def test_windows_lie_inside_their_clips() -> None:
    data = corpus([20, 12, 30])
    windows = data.draw(np.random.default_rng(0), np.array([0, 2]), 500, 5)
    assert set(windows[:, 0]) == {0, 2}
    assert (windows[:, 1] >= 2).all()
    assert (windows[:, 1] + 5 + 2 <= data.lengths[windows[:, 0]]).all()
    assert windows[windows[:, 0] == 0, 1].max() == 13
    places = data.frames(np.array([[1, 2]]), -2, 7)
    np.testing.assert_array_equal(places, np.arange(20, 29)[None])
    # beyond the clip its last frame is repeated, never the next clip's first
    np.testing.assert_array_equal(data.frames(np.array([[1, 10]]), 0, 5), [[30, 31, 31, 31, 31]])
    assert data.chunks(np.array([[1, 11]]), 0, 1).max() == 127
    assert data.sync_chunks(np.array([[2, 10]]))[0, 0, 0] == 128 + 32
    with pytest.raises(CommandError, match="no clip is longer"):
        data.draw(np.random.default_rng(0), np.array([1]), 3, 10)


def test_held_out_clips_are_not_learned_from() -> None:
    learned, held = corpus([20] * 40).split()
    assert held.tolist() == [31]
    assert not set(learned) & set(held)
    assert corpus([20, 20]).split()[1].tolist() == [1]


def test_mirroring_turns_whole_samples() -> None:
    pixels = np.zeros((64, 2, 1, 2, 3), np.uint8)
    pixels[..., 1, :] = 1
    turned = mirror({"window": pixels, "other": pixels}, np.random.default_rng(0), ("window", "other"))
    assert (turned["window"] == turned["other"]).all()
    first = turned["window"][:, 0, 0, 0, 0]
    assert 10 < first.sum() < 54
    assert (turned["window"][:, 1, 0, 0, 0] == first).all()
    assert (pixels[..., 1, :] == 1).all()


def test_level_is_changed_alike_over_a_sample() -> None:
    chunks = np.zeros((5, 3, 80, 16), np.float32)
    changed = Augment(level=0.4).sound(chunks, np.random.default_rng(0))
    assert np.abs(changed).max() <= 0.4
    assert (changed == changed[:, :1, :1, :1]).all()
    assert len(np.unique(changed)) == 5
    assert Augment().sound(chunks, np.random.default_rng(0)) is chunks


@pytest.mark.parametrize("shape", [(40, 80, 16), (40, 3, 80, 16)])
def test_other_voices_move_the_bands_alike_over_a_sample(shape: tuple[int, ...]) -> None:
    chunks = np.broadcast_to(np.arange(80, dtype=np.float32)[:, None], shape)
    moved = Augment(bands=2).voice(chunks, np.random.default_rng(0))
    assert moved.shape == shape
    shifts = moved[..., 40, :] - 40
    assert set(shifts.ravel().tolist()) == {-2, -1, 0, 1, 2}
    assert (shifts == shifts.reshape(40, -1)[:, 0].reshape(40, *[1] * (shifts.ndim - 1))).all()
    assert moved.min() == 0  # beyond the ends the last band is repeated
    assert moved.max() == 79
    np.testing.assert_array_equal(Augment().voice(chunks, np.random.default_rng(0)), chunks)


@pytest.fixture(scope="module")
def clips(shared: Path) -> list[Clip]:
    return [c for c in LRS2.clips(shared / "data" / "lrs2-grid", "train", 3) if isinstance(c, Clip)]


def test_clips_are_prepared_once_and_bad_ones_left_out(clips: list[Clip], tmp_path: Path) -> None:
    bad = replace(clips[0], id="s1/bad", video=tmp_path / "absent.mp4")
    first = prepare([clips[0], bad, clips[1]], SMALL_FACE, find_landmarks, tmp_path)
    assert first.lengths.tolist() == [75, 75]
    assert first.pixels.shape == (150, 64, 64, 3)
    assert "s1/bad" in next(tmp_path.rglob("left_out.txt")).read_text()
    again = prepare([clips[0], bad, clips[1]], SMALL_FACE, lambda *_: pytest.fail("prepared again"), tmp_path)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    with pytest.raises(CommandError, match="no clip could be prepared"):
        prepare([bad], SMALL_FACE, find_landmarks, tmp_path)


@pytest.mark.parametrize("name", ["synctalkface", "cals", "wav2lip"])
def test_every_stage_trains_on_real_clips(name: str, clips: list[Clip], tmp_path: Path) -> None:
    train = importlib.import_module(f"syncbench.baselines.{name}.training").train
    with pytest.raises(CommandError, match="train the stage"):
        train(clips, tmp_path, "embedded", "joint", 0, False, "cpu", 1)
    path = train(clips, tmp_path, "embedded", None, 0, False, "cpu", 2)
    assert path == tmp_path / "weights.safetensors"
    load = importlib.import_module(f"syncbench.baselines.{name}.system").load
    assert load(path).config.face == SMALL_FACE
    for key, value in load_file(path).items():
        assert value.isfinite().all(), key


def test_the_seed_alone_decides_a_training(clips: list[Clip], tmp_path: Path) -> None:
    from syncbench.baselines.cals.training import train as train_cals
    from syncbench.baselines.wav2lip.training import train as train_wav2lip

    def face(train: Any, out: str, seed: int) -> Path:
        torch.rand(seed + 3)  # what was drawn before makes no difference
        path: Path = train(clips, tmp_path / out, "embedded", "face", seed, False, "cpu", 2)
        return path

    first = face(train_wav2lip, "first", 0)
    assert face(train_wav2lip, "again", 0).read_bytes() == first.read_bytes()
    assert face(train_wav2lip, "other", 1).read_bytes() != first.read_bytes()
    # The generators learn to draw faces by one recipe: their face stages are the same network.
    drawn = load_file(first)
    for key, value in load_file(face(train_cals, "cals", 0)).items():
        assert torch.equal(value, drawn[key]), key


@pytest.mark.parametrize("name", ["synctalkface", "cals", "wav2lip"])
def test_all_published_losses_train(
    name: str, clips: list[Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The small network by the paper preset's stages and weights: sync module, sync losses, discriminator."""
    training = importlib.import_module(f"syncbench.baselines.{name}.training")
    small, paper = training.PRESETS["embedded"], training.PRESETS["paper"]
    stages = {key: replace(value, batch=2) for key, value in {**small.stages, **paper.stages}.items()}
    order = ("sync", "face", "audio", "memory", "context", "joint")
    whole = replace(small, weights=paper.weights, stages={key: stages[key] for key in order if key in stages})
    monkeypatch.setitem(training.PRESETS, "whole", whole)
    training.train(clips, tmp_path, "whole", None, 0, False, "cpu", 1)
    logged = {row["name"] for row in csv.DictReader((tmp_path / "joint" / "metrics.csv").open())}
    assert {"reconstruction", "audio_visual", "adversarial", "judge"} <= logged
    assert ("discriminative" in logged) == (name == "cals")
    assert ("visual" in logged) == (name == "synctalkface")
    before, after = load_file(tmp_path / "sync.safetensors"), load_file(tmp_path / "joint.safetensors")
    assert not [key for key in after if key.startswith("sync.")]  # the critic is no part of the model
    assert any(key.startswith("judge.") for key in after)
    assert before


def test_unknown_presets_and_stages_are_said_clearly(clips: list[Clip], tmp_path: Path) -> None:
    from syncbench.baselines.cals.training import train

    with pytest.raises(CommandError, match="unknown preset 'papr': did you mean paper"):
        train(clips, tmp_path, "papr", None, 0, False, "cpu")
    with pytest.raises(CommandError, match="unknown stage 'contxt': did you mean context"):
        train(clips, tmp_path, "embedded", "contxt", 0, False, "cpu")
