"""SyncTalkFace: the published network's size and arithmetic, and the shipped one on a real clip."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from syncbench.baselines.family import (
    SMALL_FACE,
    Decoder,
    Discriminator,
    Face,
    IdentityEncoder,
    SyncModule,
    emphasis,
    hide,
    lower,
    show,
    stack_lower,
)
from syncbench.baselines.losses import frozen_copy, reconstruction, sync
from syncbench.baselines.synctalkface import losses
from syncbench.baselines.synctalkface.config import PRESETS, Config, config_from
from syncbench.baselines.synctalkface.memory import AudioLipMemory, address
from syncbench.baselines.synctalkface.network import Generator
from syncbench.baselines.synctalkface.system import synctalkface
from syncbench.contracts import Clip, Setup, System
from syncbench.datasets.lrs2 import LRS2
from syncbench.errors import CommandError

PAPER = PRESETS["paper"].config


def count(*networks: nn.Module) -> int:
    return sum(p.numel() for network in networks for p in network.parameters())


def test_paper_preset_has_the_published_parameter_counts() -> None:
    with torch.device("meta"):  # shapes alone
        generator = Generator(PAPER)
        assert count(generator.audio, generator.lip, generator.identity, generator.memory) == 24_010_672
        assert count(generator.decoder) == 28_984_323
        assert count(Discriminator(PAPER.face)) == 15_948_801
        assert count(SyncModule(PAPER.face)) == 22_991_744


def test_paper_preset_shapes() -> None:
    face = PAPER.face
    with torch.device("meta"), torch.inference_mode():
        maps = IdentityEncoder(face).eval()(torch.randn(1, 6, 128, 128))
        assert [tuple(m.shape[1:]) for m in maps] == [
            (16, 128, 128),
            (32, 64, 64),
            (64, 32, 32),
            (128, 16, 16),
            (256, 8, 8),
            (512, 4, 4),
            (512, 1, 1),
        ]
        image = Decoder(face).eval()(torch.randn(1, 512), maps, torch.zeros(1, 3, 128, 128))
        assert image.shape == (1, 3, 128, 128)
        visual, audio = SyncModule(face).eval()(torch.rand(2, 15, 64, 128), torch.randn(2, 1, 80, 16))
        assert visual.shape == audio.shape == (2, 512)
        assert Discriminator(face)(torch.randn(2, 3, 128, 128)).shape == (2,)


def test_embeddings_have_unit_length() -> None:
    network = SyncModule(SMALL_FACE).eval()
    visual, audio = network(torch.rand(2, 15, 48, 64), torch.randn(2, 1, 80, 16))
    torch.testing.assert_close(visual.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(audio.norm(dim=1), torch.ones(2))


def test_both_paths_of_a_training_step_are_drawn() -> None:
    generator = Generator(Config(face=SMALL_FACE, slots=8))
    step = generator(torch.randn(2, 80, 16), torch.randn(2, 6, 64, 64), torch.randn(2, 3, 5, 64, 64))
    assert step.heard.shape == step.seen.shape == (2, 3, 64, 64)
    assert step.by_ear.addresses.shape == step.by_eye.addresses.shape == (2, 8)
    torch.testing.assert_close(step.by_eye.addresses.sum(dim=1), torch.ones(2))


def test_address_by_hand() -> None:
    # cosines 1 and 0 with radius 16: softmax(16, 0)
    found = address(torch.tensor([[3.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 5.0]]), 16.0)
    wanted = torch.tensor([[1.0, np.exp(-16.0)]]) / (1 + np.exp(-16.0))
    torch.testing.assert_close(found, wanted.float())


def test_memory_recalls_the_weighted_values() -> None:
    memory = AudioLipMemory(slots=2, dim=2)
    with torch.no_grad():
        memory.values.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
        memory.value.weight.copy_(torch.eye(2))
        memory.value.bias.zero_()
    recall = memory.see(torch.tensor([[1.0, 1.0]]))  # as near to one slot as to the other
    torch.testing.assert_close(recall.addresses, torch.tensor([[0.5, 0.5]]))
    torch.testing.assert_close(recall.lips, torch.tensor([[0.5, 0.5]]))


def test_a_memory_begun_with_typical_lips_recalls_them_by_eye_and_by_ear() -> None:
    from syncbench.baselines.synctalkface.training import typical_lips

    rng = np.random.default_rng(0)
    kinds = rng.normal(3, 2, (6, 16))
    lips = (kinds[rng.integers(0, 6, 600)] + rng.normal(0, 0.01, (600, 16))).astype(np.float32)
    memory = AudioLipMemory(slots=6, dim=16, radius=60.0).eval()
    memory.begin_with(*typical_lips(lips, 6, seed=0))
    some = torch.from_numpy(lips[:50])
    with torch.inference_mode():
        by_eye, by_ear = memory.see(some), memory.hear(some)
        torch.testing.assert_close(by_eye.addresses, by_ear.addresses)
        torch.testing.assert_close(memory.fuse(torch.zeros(50, 16), by_eye.lips), some, atol=0.2, rtol=0.1)
    assert len(by_eye.addresses.argmax(dim=1).unique()) == 6


def test_align_is_the_kl_divergence_and_teaches_the_ear_alone() -> None:
    seen = torch.tensor([[0.5, 0.5], [1.0, 0.0]], requires_grad=True)
    heard = torch.tensor([[0.25, 0.75], [0.5, 0.5]], requires_grad=True)
    loss = losses.align(seen, heard)
    by_hand = (0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75) + np.log(1.0 / 0.5)) / 2
    assert float(loss.detach()) == pytest.approx(by_hand, abs=1e-6)
    loss.backward()
    assert heard.grad is not None
    assert heard.grad.abs().sum() > 0
    assert seen.grad is None


def test_store_follows_the_code_or_the_paper() -> None:
    from syncbench.baselines.synctalkface.memory import Recall
    from syncbench.baselines.synctalkface.training import memory_losses

    eye = Recall(torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0]]), torch.tensor([[0.0, 0.0]]))
    lips = torch.tensor([[1.0, 1.0]])
    code = memory_losses(eye, eye, lips, Config(store="embedding"))["store"]
    paper = memory_losses(eye, eye, lips, Config(store="lip"))["store"]
    assert float(code) == pytest.approx(2.0)  # mean of 4 and 0
    assert float(paper) == pytest.approx(1.0)


def test_teacher_of_the_training_path_is_an_option() -> None:
    torch.manual_seed(0)
    recalled = Generator(Config(face=SMALL_FACE, slots=4)).eval()
    true = Generator(replace(recalled.config, teacher="lip")).eval()
    true.load_state_dict(recalled.state_dict())
    audio, lips = torch.rand(1, 128), torch.rand(1, 128)
    with torch.inference_mode():
        torch.testing.assert_close(true.taught(audio, lips)[0], true.memory.fuse(audio, lips))
        recall = recalled.memory.see(lips)
        torch.testing.assert_close(recalled.taught(audio, lips)[0], recalled.memory.fuse(audio, recall.lips))


def test_sync_loss_by_hand() -> None:
    along, across = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.6, 0.8]])
    assert float(sync(along, across)) == pytest.approx(-np.log(0.6), abs=1e-6)
    assert float(sync(along, across, 0.0)) == pytest.approx(-np.log(0.4), abs=1e-6)


def test_reconstruction_is_on_the_unit_scale_and_can_be_weighed() -> None:
    black, white = -torch.ones(1, 3, 64, 64), torch.ones(1, 3, 64, 64)
    assert float(reconstruction(black, white)) == pytest.approx(1.0)
    weights = emphasis(SMALL_FACE, 4.0)
    assert weights is not None
    assert float(reconstruction(black, white, weights)) == pytest.approx(1.0)  # the weights' mean is 1
    mouth, cheek = weights[29, 32], weights[60, 2]
    assert float(mouth / cheek) == pytest.approx(5.0, rel=0.02)


def test_frozen_copy_teaches_the_input_alone() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    x = torch.randn(4, 1, 2, 2, requires_grad=True)
    frozen_copy(network, x).pow(3).sum().backward()
    assert x.grad is not None
    assert all(p.grad is None for p in network.parameters())
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, before[key])


@pytest.mark.parametrize("face", [Face(), SMALL_FACE])
def test_the_hidden_part_is_hidden(face: Face) -> None:
    images = torch.ones(2, 3, face.size, face.size)
    assert (hide(images, face) + show(images, face)).eq(1).all()
    assert hide(images, face)[:, :, face.hidden_row :].eq(0).all()
    assert lower(images, face).shape[-2] == face.size - face.hidden_row
    stacked = stack_lower(-torch.ones(1, 5, 3, face.size, face.size), face)
    assert stacked.shape == (1, 15, face.size - face.hidden_row, face.size)
    assert stacked.eq(0).all()


def test_config_survives_a_header() -> None:
    import json
    from dataclasses import asdict

    config = Config(face=SMALL_FACE, slots=7, teacher="lip")
    assert config_from(json.loads(json.dumps(asdict(config)))) == config


# What follows runs the shipped weights on a real clip, for all three generators.


@pytest.fixture(scope="module")
def real(shared: Path) -> Clip:
    clips = LRS2.clips(shared / "data" / "lrs2-grid", "test", 1)
    clip = clips[0]
    assert isinstance(clip, Clip)
    return replace(clip, end=1.6)


def build(name: str, **options: str) -> System:
    factory = getattr(importlib.import_module(f"syncbench.baselines.{name}.system"), name)
    system: System = factory(Setup(options=options))
    return system


@pytest.mark.parametrize("name", ["synctalkface", "cals", "wav2lip"])
def test_shipped_weights_move_the_mouth_and_nothing_else(name: str, real: Clip) -> None:
    answer = build(name).answer(real)
    frames = real.frames()
    assert isinstance(answer.video, np.ndarray)
    assert answer.video.shape == frames.shape
    assert answer.video.dtype == np.uint8
    changed = (answer.video != frames).any(axis=(0, 3))
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert rows.min() > 80  # below the nose's bridge, on a face of 160 pixels
    assert columns.min() > 35
    assert columns.max() < 130
    mouth = answer.video[:, 98:120, 68:100].astype(np.float64)
    assert (
        np.abs(np.diff(mouth, axis=0)).mean()
        > 0.25 * np.abs(np.diff(frames[:, 98:120, 68:100].astype(np.float64), axis=0)).mean()
    )


@pytest.mark.parametrize("name", ["synctalkface", "cals", "wav2lip"])
def test_shipped_weights_are_small(name: str) -> None:
    module = importlib.import_module(f"syncbench.baselines.{name}")
    assert module.__file__ is not None
    assert (Path(module.__file__).parent / "weights.safetensors").stat().st_size < 15_000_000


@pytest.mark.parametrize("name", ["synctalkface", "cals", "wav2lip"])
def test_other_speech_gives_another_mouth_and_the_same_speech_the_same(name: str, shared: Path, real: Clip) -> None:
    other = LRS2.clips(shared / "data" / "lrs2-grid", "test", 10)[9]
    assert isinstance(other, Clip)
    system = build(name)
    own = system.answer(real)
    dubbed = system.answer(replace(real, audio=other.video, reference=False))
    again = system.answer(real)
    assert isinstance(own.video, np.ndarray)
    assert isinstance(dubbed.video, np.ndarray)
    np.testing.assert_array_equal(own.video, again.video)
    mouth = np.s_[15:40, 98:120, 68:100]
    assert np.abs(own.video[mouth].astype(float) - dubbed.video[mouth]).mean() > 1.0


def test_traces_are_addresses_by_ear_and_by_eye(real: Clip) -> None:
    traces = build("synctalkface").answer(real).traces
    for key in ("addresses", "lip_addresses"):
        assert traces[key].shape == (len(real.frames()), 96)
        np.testing.assert_allclose(traces[key].sum(axis=1), 1, atol=1e-4)
    crossed = build("synctalkface").answer(replace(real, reference=False)).traces
    assert "lip_addresses" not in crossed


def test_the_target_mouth_does_not_leak(real: Clip, tmp_path: Path) -> None:
    """A video whose mouth is painted over, but in its reference frame, gets the very same mouth."""
    from syncbench.media import write_lossless

    frames = real.frames()
    painted = frames.copy()
    painted[1:, 100:140, 58:110] = 0
    path = tmp_path / "painted.mkv"
    write_lossless(path, painted, real.speech())
    clip = replace(real, video=path, audio=real.video, reference=False)
    system = build("wav2lip")
    a, b = system.answer(real).video, system.answer(clip).video
    assert isinstance(a, np.ndarray)
    assert isinstance(b, np.ndarray)
    inner = np.s_[:, 104:132, 66:102]  # where the blend is the generated image alone
    np.testing.assert_array_equal(a[inner], b[inner])


def test_bad_options_are_said_clearly() -> None:
    with pytest.raises(CommandError, match="option of synctalkface"):
        synctalkface(Setup(options={"contxt": "3"}))
    with pytest.raises(CommandError, match="are not at"):
        synctalkface(Setup(options={"weights": "nowhere.safetensors"}))
    with pytest.raises(CommandError, match="must be a frame number"):
        synctalkface(Setup(options={"reference": "first"}))
