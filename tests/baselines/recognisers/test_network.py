"""The recognisers' networks: sizes as published, padding that changes nothing."""

from __future__ import annotations

import pytest
import torch

from syncbench.baselines.recognisers.network import ARCHITECTURES, build
from syncbench.baselines.recognisers.presets import EMBEDDED, PAPER
from syncbench.baselines.recognisers.scoring import Reliability

from .tiny import COMPACT, TINY, parameters


def test_parameter_counts_are_the_published_ones() -> None:
    assert 2 * parameters(Reliability()) == 29_375_488
    with torch.device("meta"):
        networks = {a: build(a, PAPER) for a in ARCHITECTURES}
    # By arithmetic from the published sizes.
    visual = 64 * 5 * 7 * 7 + 128 + 11_166_976  # stem, its norm, ResNet-18 without stem and classifier
    audio = 64 * 80 + 128
    for inside, outside in ((64, 64), (64, 128), (128, 256), (256, 512)):
        audio += 3 * (inside * outside + 3 * outside * outside) + 8 * outside
        audio += inside * outside + 2 * outside if inside != outside else 0
    feed_forward = 2 * 256 * 2048 + 2048 + 256
    attention = 4 * (256 * 256 + 256)
    convolution = 256 * 512 + 512 + 256 * 31 + 256 + 512 + 256 * 256 + 256
    block = 2 * feed_forward + attention + 256 * 256 + 512 + convolution + 5 * 512
    encoder = 512 * 256 + 256 + 12 * block + 512
    decoder = 41 * 256 + 6 * (2 * attention + feed_forward + 3 * 512) + 512 + 256 * 41 + 41
    ctc = 256 * 41 + 41
    fusions = {
        "audio": encoder,
        "video": encoder,
        "av": 2 * encoder + 512 * 1024 + 1024 + 2048 + 1024 * 256 + 256,
        "vcafe": encoder + 3 * (512 * 512 + 512) + 3 * 512 * 512 + 512 + 512 * 512 + 512 + 1024 * 512 + 512,
        "relscore": encoder + 29_375_488,
    }
    for name, network in networks.items():
        streams = (visual if name != "audio" else 0) + (audio if name != "video" else 0)
        assert parameters(network) == streams + fusions[name] + decoder + ctc, name
    assert parameters(networks["relscore"]) == 85_718_674


@pytest.mark.parametrize("preset", [TINY, COMPACT])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_padding_changes_nothing(architecture, preset) -> None:
    torch.manual_seed(1)
    network = build(architecture, preset).eval()
    frames, wave = torch.randn(2, 30, preset.crop, preset.crop), torch.randn(2, 30 * 640)
    lengths = torch.tensor([30, 22])
    with torch.inference_mode():
        visual, audio = network.features(frames, wave)
        together, _ = network.encode(visual, audio, lengths)
        cut = (None if x is None else x[1:, :22] for x in (visual, audio))
        alone, traces = network.encode(*cut, torch.tensor([22]))
    assert together.shape == (2, 30, 16)
    # Scores near the end see the padding: nine frames (AV-RelScore), one (V-CAFE); its memory attends to all.
    if architecture in ("audio", "video", "av"):
        assert torch.allclose(together[1, :22], alone[0], atol=1e-5)
    assert all(t.shape == (1, 22) for t in traces.values())
    assert bool(traces) == (architecture in ("vcafe", "relscore"))


@pytest.mark.parametrize("preset", [TINY, COMPACT])
def test_features_are_of_their_frame(preset) -> None:
    torch.manual_seed(0)
    network = build("av", preset).eval()
    frames, wave = torch.randn(1, 20, preset.crop, preset.crop), torch.randn(1, 20 * 640)
    with torch.inference_mode():
        seen, heard = network.features(frames, wave)
        frames[0, 10] += 1.0
        wave[0, 10 * 640 : 11 * 640] *= 4.0
        seen_now, heard_now = network.features(frames, wave)
    for before, after in ((seen, seen_now), (heard, heard_now)):
        assert before is not None
        assert after is not None
        assert before.shape == (1, 20, preset.features)
        touched = (before != after).any(-1)[0].nonzero().flatten().tolist()
        assert 10 in touched
        assert 7 <= min(touched) <= max(touched) <= 13


def test_embedded_weights_are_small() -> None:
    for architecture in ARCHITECTURES:
        assert 2 * parameters(build(architecture, EMBEDDED)) < 15e6
