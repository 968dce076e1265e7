"""SyncTalkFace's network: the published sizes, and its memory's arithmetic."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import torch
from torch import nn

from syncbench.baselines.faces.networks import SMALL_FACE, Decoder, Discriminator, IdentityEncoder, SyncModule
from syncbench.baselines.faces.synctalkface.config import Config, config_from
from syncbench.baselines.faces.synctalkface.memory import AudioLipMemory, address
from syncbench.baselines.faces.synctalkface.network import Generator
from syncbench.baselines.faces.synctalkface.training.presets import PRESETS

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


def test_config_survives_a_header() -> None:
    config = Config(face=SMALL_FACE, slots=7, teacher="lip")
    assert config_from(json.loads(json.dumps(asdict(config)))) == config
