"""FID against pytorch-fid: the distance on Gaussians, the network on images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from syncbench._torchvision import load
from syncbench.clip import Clip, Recording
from syncbench.feature import Features
from syncbench.media import write_lossless
from syncbench.metrics.fid import DIMENSIONS, Fid, FidMeasurement, activations, frechet_distance, network

from .conftest import StandIn


def _rows(count: int, width: int, seed: int) -> NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    mixing = generator.normal(size=(width, width)) / np.sqrt(width)
    return (generator.normal(size=(count, width)) @ mixing + 0.1 * seed).astype(np.float32)


def _statistics(rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    wide = rows.astype(np.float64)
    return wide.mean(axis=0), np.cov(wide, rowvar=False)


@pytest.mark.parametrize(("count", "width"), [(400, 64), (1000, 200), (40, 64)])
def test_distance_equals_pytorch_fid(count: int, width: int) -> None:
    a, b = _statistics(_rows(count, width, 1)), _statistics(_rows(count + 7, width, 2))
    reference: Any = load("pytorch_fid.fid_score").calculate_frechet_distance
    # With fewer images than dimensions the matrix square root of pytorch-fid is itself only good to six digits.
    tolerance = 1e-6 if count > width else 1e-5
    assert frechet_distance(*a, *b) == pytest.approx(reference(*a, *b), rel=tolerance)


def test_distance_of_known_gaussians() -> None:
    zero, one = np.zeros(3), np.eye(3)
    assert frechet_distance(zero, one, zero, one) == pytest.approx(0, abs=1e-12)
    # Commuting covariances: the squared differences of mean and of standard deviation, summed.
    assert frechet_distance(zero, np.diag([1.0, 4.0, 0.0]), zero + 2, np.diag([9.0, 1.0, 0.0])) == pytest.approx(
        12 + 4 + 1
    )


def test_running_moments_equal_all_images_at_once() -> None:
    real, made = _rows(300, 50, 1), _rows(270, 50, 2)
    parts = [FidMeasurement(real[i * 100 : i * 100 + 100], made[i * 90 : i * 90 + 90]) for i in range(3)]
    total = FidMeasurement.zero() + parts[0] + (parts[1] + parts[2])
    assert total.images == (300, 270)
    assert total.scores()["fid"] == pytest.approx(frechet_distance(*_statistics(real), *_statistics(made)), rel=1e-6)
    assert total.reference_moments.shape == (51, 51)  # however many clips went in


def test_one_clip_and_none_have_no_fid() -> None:
    clip = FidMeasurement(_rows(10, 8, 1), _rows(10, 8, 2))
    assert np.isnan(clip.scores()["fid"])
    assert np.isnan(FidMeasurement.zero().scores()["fid"])
    assert np.isfinite((FidMeasurement.zero() + clip).scores()["fid"])


def test_few_images_are_remarked() -> None:
    metric = Fid()
    small = FidMeasurement.zero() + FidMeasurement(_rows(100, 8, 1), _rows(90, 8, 2))
    assert metric.remarks(small)[0].startswith("FID of 90 images: below 2048")
    enough = FidMeasurement.zero() + FidMeasurement(_rows(2048, 8, 1), _rows(2048, 8, 2))
    assert metric.remarks(enough) == []


@pytest.fixture(scope="module")
def random_state() -> dict[str, torch.Tensor]:
    """A checkpoint for pytorch-fid's network, filled with seeded values."""
    inception: Any = load("pytorch_fid.inception")
    caught: dict[str, torch.Tensor] = {}

    def catch(network: torch.nn.Module, state: Any, *_: Any, **__: Any) -> None:
        caught.update(network.state_dict())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.Module, "load_state_dict", catch)
        patch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: {})
        inception.InceptionV3([3])
    torch.manual_seed(0)
    for key, value in caught.items():
        if value.ndim == 4:  # He scaling, so that pixels still matter after 94 layers
            caught[key] = torch.randn(value.shape) * (2 / value[0].numel()) ** 0.5
    return caught


def test_network_and_image_convention_are_pytorch_fids(random_state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    built = network(random_state)
    frames = np.random.default_rng(0).integers(0, 256, (3, 96, 80, 3), dtype=np.uint8)
    files = [tmp_path / f"{number}.png" for number in range(3)]
    for file, frame in zip(files, frames, strict=True):
        Image.fromarray(frame).save(file)
    expected = load("pytorch_fid.fid_score").get_activations(files, built, batch_size=3, num_workers=0)
    found = activations(built, frames)
    assert found.shape == (3, DIMENSIONS)
    assert np.abs(found - activations(built, frames // 2)).mean() > 0.1 * np.abs(found).mean()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found, activations(built, frames))
    np.testing.assert_allclose(found, activations(built, frames, batch=1), rtol=1e-4, atol=1e-5)


def test_the_metric_takes_all_frames_of_both(
    random_state: dict[str, torch.Tensor], tmp_path: Path, stand_in: StandIn
) -> None:
    stand_in("inception_fid", random_state)
    frames = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    videos = write_lossless(tmp_path / "real.mkv", frames), write_lossless(tmp_path / "made.mkv", frames[:2] // 2)
    reference, output = (Features(Clip(path.stem, Recording(path))) for path in videos)
    found = Fid().measure(reference, output)
    built = network(random_state)
    np.testing.assert_array_equal(found.reference, activations(built, frames))
    np.testing.assert_array_equal(found.output, activations(built, frames[:2] // 2))
    assert (FidMeasurement.zero() + found).images == found.images == (3, 2)


def test_without_weights_it_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SYNCBENCH_WEIGHTS", "XDG_DATA_HOME", "TORCH_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert "syncbench weights add pt_inception-2015-12-05-6726825d.pth" in (Fid().unavailable() or "")
