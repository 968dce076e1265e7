"""Stages of the recognisers' training, on tiny networks: repeatable, taken up after a kill, and of networks that answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from syncbench.baselines.recognisers import systems
from syncbench.baselines.recognisers.network import ARCHITECTURES, Architecture, build
from syncbench.baselines.recognisers.training.presets import Epochs, StagePlan
from syncbench.baselines.recognisers.training.recipe import RecogniserOptions, save_network, train_stage
from syncbench.errors import CommandError
from syncbench.recipe import Training

from ...killing import assert_equal, killed_after
from ..tiny import TINY
from .made import examples

DROPPING = replace(TINY, dropout=0.1)
PLAN = StagePlan(Epochs(2, batch=4), rate=3e-3)  # three steps an epoch


def train(
    name: str,
    folder: Path,
    plan: StagePlan = PLAN,
    resume: bool = False,
    options: RecogniserOptions = RecogniserOptions(),  # noqa: B008
    steps: int | None = None,
) -> Path:
    asked = Training((), folder, "embedded", (name,), options, steps=steps, resume=resume)
    train_stage(name, examples(), 0, DROPPING, plan, asked)
    return folder / f"{name}.safetensors"


def start(folder: Path) -> None:
    """Lay down the networks that the stage fusion starts from."""
    streams: tuple[Architecture, ...] = ("audio", "video")
    for stream in streams:
        torch.manual_seed(0)
        (folder / stream).mkdir(parents=True)
        save_network(build(stream, DROPPING), folder / stream / f"{stream}.safetensors")


def test_training_is_repeatable(tmp_path: Path) -> None:
    train("audio", tmp_path / "once")
    torch.rand(3)  # what was drawn before makes no difference
    train("audio", tmp_path / "again")
    for file in ("audio.safetensors", "audio/audio.safetensors"):
        assert (tmp_path / "once" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


@pytest.mark.parametrize("step", [2, 3, 4], ids=["in the first epoch", "between epochs", "in the last epoch"])
@pytest.mark.parametrize("name", ["audio", "video", "fusion"])
def test_a_killed_training_takes_the_same_steps(
    name: str, step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for out in ("whole", "killed"):
        start(tmp_path / out)
    whole = train(name, tmp_path / "whole")
    with killed_after(monkeypatch, name, step):
        train(name, tmp_path / "killed")
    with pytest.raises(CommandError, match="is of an unfinished training: go on with --resume"):
        train(name, tmp_path / "killed")
    assert_equal(train(name, tmp_path / "killed", resume=True), whole)
    for each in ARCHITECTURES if name == "fusion" else (name,):
        killed, once = ((tmp_path / out / name / f"{each}.safetensors").read_bytes() for out in ("killed", "whole"))
        assert killed == once, each


def test_all_stages_give_networks_that_answer(tmp_path: Path) -> None:
    plan = StagePlan(Epochs(1, batch=4), rate=1e-3)
    with pytest.raises(CommandError, match="train the stages before this one first"):
        train("fusion", tmp_path, plan)
    for stage in ("audio", "video", "fusion"):
        train(stage, tmp_path, plan)
    for name in ARCHITECTURES:
        network = systems.load_recogniser(tmp_path / "fusion" / f"{name}.safetensors")
        assert network.architecture == name
        for stream in {"audio": ("audio",), "video": ("visual",)}.get(name, ("audio", "visual")):
            stage = stream.replace("visual", "video")
            first = systems.load_recogniser(tmp_path / stage / f"{stage}.safetensors")
            kept, now = (n.state_dict() for n in (first, network))
            # The front end stayed as it was, its running means too; what is above it did not.
            for key in (k for k in kept if k.startswith(f"{stream}.")):
                assert torch.equal(kept[key], now[key]), (name, key)
            assert not torch.equal(first.ctc.weight, network.ctc.weight)
        memory, traces = network(torch.randn(1, 25, 20, 20), torch.randn(1, 25 * 640), torch.tensor([25]))
        assert memory.shape == (1, 25, 16)
        assert ("reliability_video" in traces) == (name == "relscore")


def test_the_audio_recogniser_goes_on_from_the_weights_it_is_given(tmp_path: Path) -> None:
    file = tmp_path / "begun.safetensors"
    begun = build("audio", DROPPING)
    save_network(begun, file)
    plan = replace(PLAN, rate=1e-9)
    train("audio", tmp_path / "on", plan, options=RecogniserOptions(start=file), steps=1)
    train("audio", tmp_path / "anew", plan, steps=1)
    on, anew = (systems.load_recogniser(tmp_path / out / "audio/audio.safetensors") for out in ("on", "anew"))
    for key, given in begun.named_parameters():
        assert torch.allclose(on.get_parameter(key), given, atol=1e-3), key  # half precision
    assert not torch.allclose(anew.ctc.weight, begun.ctc.weight, atol=1e-2)
    save_network(build("video", DROPPING), file)
    with pytest.raises(CommandError, match="does not fit the network it is loaded into"):
        train("audio", tmp_path / "other", options=RecogniserOptions(start=file))


def test_fewer_clips_than_a_batch_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="12 clips are fewer than a batch of 13: give more clips"):
        train("audio", tmp_path, StagePlan(Epochs(1, batch=13), rate=1e-3))
