"""The Wav2Lip-type baseline's network."""

from __future__ import annotations

import torch

from syncbench.baselines.faces.networks import SMALL_FACE
from syncbench.baselines.faces.wav2lip.config import Config
from syncbench.baselines.faces.wav2lip.network import Generator
from syncbench.baselines.faces.wav2lip.training.presets import PRESETS


def test_paper_preset_is_the_family_without_memory_or_context() -> None:
    with torch.device("meta"):
        generator = Generator(PRESETS["paper"].config)
    parts = {name for name, _ in generator.named_children()}
    assert parts == {"audio", "identity", "decoder"}
    assert sum(p.numel() for p in generator.decoder.parameters()) == 28_984_323


def test_generator_draws_from_sound_and_face() -> None:
    image = Generator(Config(face=SMALL_FACE)).eval()(torch.randn(2, 80, 16), torch.randn(2, 6, 64, 64).clamp(-1, 1))
    assert image.shape == (2, 3, 64, 64)
    assert image.abs().max() <= 1
