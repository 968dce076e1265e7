"""LPIPS against package lpips. A random trunk checks the arithmetic; the heads are the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from syncbench._torchvision import load
from syncbench.clip import Clip, Frames, Recording
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.landmarks import read_landmarks
from syncbench.features.mouths import mouth_squares
from syncbench.media import read_frames, write_lossless
from syncbench.metrics.perceptual import MouthLpips, Trunk, alex, distances, network, vgg

from .conftest import StandIn


def _pair(frames: int, size: int = 64) -> tuple[Frames, Frames]:
    generator = np.random.default_rng(3)
    real = generator.integers(0, 256, (frames, size, size, 3), dtype=np.uint8)
    return real, np.clip(real + generator.normal(0, 20, real.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("trunk", ["alex", "vgg"])
def test_equal_to_lpips_itself(trunk: Trunk) -> None:
    torch.manual_seed(0)
    built = network(trunk)
    real, made = _pair(2)
    lpips = load("lpips")
    expected = [built(lpips.im2tensor(a), lpips.im2tensor(b)).item() for a, b in zip(real, made, strict=True)]
    np.testing.assert_allclose(distances(built, real, made), expected, rtol=1e-5)
    np.testing.assert_allclose(distances(built, real, real), 0, atol=1e-7)


def test_deterministic_and_independent_of_batches() -> None:
    built = network("alex")
    real, made = _pair(5)
    np.testing.assert_array_equal(distances(built, real, made, 3), distances(built, real, made, 3))
    np.testing.assert_allclose(distances(built, real, made, 1), distances(built, real, made, 5), rtol=1e-5)


@pytest.mark.parametrize("trunk", ["alex", "vgg"])
def test_the_trunk_is_torchvisions(trunk: Trunk) -> None:
    models = load("torchvision.models")
    torch.manual_seed(1)
    whole: Any = (models.alexnet() if trunk == "alex" else models.vgg16(init_weights=False)).eval()
    real, _ = _pair(1)
    pixels = torch.from_numpy(real).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.inference_mode():
        first = whole.features[:2](pixels)
        sliced = network(trunk, whole.state_dict()).net(pixels)[0]
        expected = first if trunk == "alex" else whole.features[2:4](first)
    torch.testing.assert_close(sliced, expected)


def test_without_the_trunk_it_is_unavailable_and_says_how_to_get_it(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("SYNCBENCH_WEIGHTS", "XDG_DATA_HOME", "TORCH_HOME"):
        monkeypatch.setenv(variable, str(tmp_path_factory.mktemp("empty")))
    assert "syncbench weights add alexnet-owt-7be5be79.pth" in (alex().unavailable() or "")
    assert "curl -LO https://download.pytorch.org/models/vgg16-397923af.pth" in (vgg().unavailable() or "")


def test_scores_are_means_over_frames(tmp_path: Path, stand_in: StandIn) -> None:
    torch.manual_seed(2)
    trunk: Any = load("torchvision.models").alexnet().state_dict()
    stand_in("alexnet", {key: value for key, value in trunk.items() if key.startswith("features.")})
    real, made = _pair(3)

    def features(name: str, frames: Frames) -> Features:
        return Features(Clip(name, Recording(write_lossless(tmp_path / f"{name}.mkv", frames))))

    reference = features("real", real)
    one = alex().measure(reference, features("made", made[:2]))
    assert one.measured == 2  # the shorter of the two
    expected = distances(network("alex", trunk), real[:2], made[:2]).sum()
    assert expected > 0
    total = one + alex().measure(reference, reference)
    assert total.scores() == {"lpips_alex": pytest.approx(expected / 5, rel=1e-5)}
    small = features("small", made[:, :30])
    with pytest.raises(ClipError, match="at least 31 x 31 pixels"):
        alex().measure(small, small)


def test_the_mouth_alone_is_looked_at(lrs2_grid: Path, tmp_path: Path, stand_in: StandIn) -> None:
    torch.manual_seed(2)
    trunk: Any = load("torchvision.models").alexnet().state_dict()
    stand_in("alexnet", {key: value for key, value in trunk.items() if key.startswith("features.")})
    frames = read_frames(lrs2_grid / "mvlrs_v1" / "main" / "s1" / "bbal6n.mp4")[:3]
    landmarks = lrs2_grid / "landmarks68.npz"
    squares = mouth_squares(read_landmarks(landmarks, "s1/bbal6n"))[:3].astype(int)
    made = frames // 2
    clips = [
        Clip("s1/bbal6n", Recording(write_lossless(tmp_path / f"{i}.mkv", shown)), extras=extras)
        for i, (shown, extras) in enumerate([(frames, {"landmarks": landmarks}), (made, {})])
    ]
    found = MouthLpips("precomputed").measure(*map(Features, clips))
    crops = [np.stack([of[i, y : y + s, x : x + s] for i, (x, y, s) in enumerate(squares)]) for of in (frames, made)]
    expected = distances(network("alex", trunk), *crops)
    assert found.scores() == {"lpips_mouth": pytest.approx(expected.mean(), rel=1e-5)}
    assert found.measured == 3
    assert MouthLpips().settings["region"] == "mouth-1.1-faces"
    assert alex().settings["region"] == "frame"


def test_settings_and_scores_name_the_trunk() -> None:
    assert alex().settings["network"] == "alexnet@7be5be79"
    assert [spec.name for spec in (*alex().scores, *vgg().scores)] == ["lpips_alex", "lpips_vgg"]
    assert (alex().on_request, vgg().on_request) == (False, True)
