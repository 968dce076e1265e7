"""PSNR and SSIM against scikit-image, on real frames."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from syncbench.clip import Clip, Frames, Recording
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.media import clip_frames, write_lossless
from syncbench.metrics.image_quality import ImageQuality, psnr, ssim

from ..faces import unseen


@pytest.fixture(scope="module")
def real(lrs2_grid: Path) -> Frames:
    video = Recording(lrs2_grid / "mvlrs_v1/main/s1/bbal6n.mp4")
    return clip_frames(Clip("real", video))[:6]


def _noisy(frames: Frames, sigma: float, seed: int = 0) -> Frames:
    noise = np.random.default_rng(seed).normal(0, sigma, frames.shape)
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("sigma", [0.5, 5, 60])
def test_equal_to_scikit_image(real: Frames, sigma: float) -> None:
    made = _noisy(real, sigma)
    expected = [
        structural_similarity(
            a, b, channel_axis=-1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
        )
        for a, b in zip(real, made, strict=True)
    ]
    np.testing.assert_allclose(ssim(real, made), expected, atol=1e-6, rtol=0)
    expected = [peak_signal_noise_ratio(a, b, data_range=255) for a, b in zip(real, made, strict=True)]
    np.testing.assert_allclose(psnr(real, made), expected, atol=1e-6, rtol=0)


def test_extreme_and_identical_frames(real: Frames) -> None:
    black, white = np.zeros((1, 16, 16, 3), np.uint8), np.full((1, 16, 16, 3), 255, np.uint8)
    assert psnr(black, white) == 0.0  # an 8-bit difference would have wrapped
    assert psnr(black, black + np.uint8(16)) == pytest.approx(20 * np.log10(255 / 16))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (psnr(real, real) == 100.0).all()
    np.testing.assert_allclose(ssim(real, real), 1.0, atol=1e-12)


def test_frames_count_once_each_and_each_alone(real: Frames) -> None:
    made = _noisy(real, 9)
    np.testing.assert_array_equal(
        ssim(real, made), np.concatenate([ssim(real[i:][:1], made[i:][:1]) for i in range(6)])
    )
    np.testing.assert_array_equal(psnr(real, made), psnr(real, made))


def _features(path: Path, frames: Frames) -> Features:
    return Features(Clip(path.stem, Recording(write_lossless(path, frames))))


def test_metric_measures_videos(real: Frames, tmp_path: Path) -> None:
    metric = ImageQuality()
    made = _noisy(real, 9)
    reference, output = _features(tmp_path / "real.mkv", real), _features(tmp_path / "made.mkv", made[:4])
    one = metric.measure(reference, output)
    assert one.measurement.measured == 4  # the shorter of the two
    both = (one.measurement + metric.measure(reference, reference).measurement).scores()
    np.testing.assert_allclose(both["psnr"], (psnr(real[:4], made[:4]).sum() + 600) / 10)
    np.testing.assert_allclose(both["ssim"], (ssim(real[:4], made[:4]).sum() + 6) / 10)
    np.testing.assert_array_equal(one.curves["psnr"], psnr(real[:4], made[:4]))
    np.testing.assert_array_equal(one.curves["ssim"], ssim(real[:4], made[:4]))
    assert [spec.name for spec in metric.scores] == list(both)


def test_other_sizes_are_said(real: Frames, tmp_path: Path) -> None:
    reference = _features(tmp_path / "real.mkv", real)
    small = _features(tmp_path / "small.mkv", real[:, ::2, ::2])
    with pytest.raises(ClipError, match="the answer is 80 x 80 pixels, the real video 160 x 160"):
        ImageQuality().measure(reference, small)
    with pytest.raises(ClipError, match="there is no real video of this speech"):
        ImageQuality().measure(unseen(small.clip), small)
    with pytest.raises(ValueError, match="one shape"):
        ssim(real, real[:2])
