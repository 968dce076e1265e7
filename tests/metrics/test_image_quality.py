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
from syncbench.features.landmarks import read_landmarks
from syncbench.features.mouths import mouth_squares
from syncbench.media import clip_frames, write_lossless
from syncbench.metrics.image_quality import ImageQuality, MouthQuality, psnr, ssim

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


def _mouthed(path: Path, frames: Frames, landmarks: Path | None) -> Features:
    extras = {} if landmarks is None else {"landmarks": landmarks}
    return Features(Clip("s1/bbal6n", Recording(write_lossless(path, frames)), extras=extras))


def test_the_mouth_alone_counts_and_the_real_landmarks_place_it(real: Frames, lrs2_grid: Path, tmp_path: Path) -> None:
    """Only the real video has landmarks here: the answer's are not asked."""
    metric = MouthQuality("precomputed")
    landmarks = lrs2_grid / "landmarks68.npz"
    reference = _mouthed(tmp_path / "real.mkv", real, landmarks)
    squares = mouth_squares(read_landmarks(landmarks, "s1/bbal6n"))
    assert len(set(squares[:, 2])) == 1
    side = squares[0, 2]
    assert 0.9 * 53 < side < 1.3 * 53, "as wide as a face, whose eyes are 53 pixels apart"
    inside, outside = (np.full(real.shape, fill, bool) for fill in (False, True))
    for i, (x, y, s) in enumerate(squares[: len(real)].astype(int)):
        inside[i, y : y + s, x : x + s], outside[i, y : y + s, x : x + s] = True, False
    dark = np.where(outside, 0, real).astype(np.uint8)
    scores = metric.measure(reference, _mouthed(tmp_path / "dark.mkv", dark, None)).measurement.scores()
    assert scores == {"psnr_mouth": 100, "ssim_mouth": pytest.approx(1)}, "what lies around it does not matter"
    noisy = np.where(inside, _noisy(real, 9), real).astype(np.uint8)
    found = metric.measure(reference, _mouthed(tmp_path / "noisy.mkv", noisy, None))
    crops = [
        np.stack([of[i, y : y + s, x : x + s] for i, (x, y, s) in enumerate(squares[: len(real)].astype(int))])
        for of in (real, noisy)
    ]
    np.testing.assert_allclose(found.curves["psnr_mouth"], psnr(*crops))
    np.testing.assert_allclose(found.curves["ssim_mouth"], ssim(*crops))
    whole = ImageQuality().measure(reference, _mouthed(tmp_path / "same.mkv", noisy, None)).measurement.scores()
    assert found.measurement.scores()["psnr_mouth"] < whole["psnr"] - 5, "whole frames dilute it"
    assert metric.settings["region"] == "mouth-1.1-faces"
    assert metric.settings["landmarks"] == "precomputed"
    assert ImageQuality.settings["region"] == "frame"


def test_frames_without_landmarks_do_not_count_for_the_mouth(real: Frames, lrs2_grid: Path, tmp_path: Path) -> None:
    points = read_landmarks(lrs2_grid / "landmarks68.npz", "s1/bbal6n")[: len(real)].copy()
    points[1] = np.nan
    np.savez(tmp_path / "gap.npz", allow_pickle=False, bbal6n=points)
    reference = _mouthed(tmp_path / "real.mkv", real, tmp_path / "gap.npz")
    found = MouthQuality("precomputed").measure(reference, reference).measurement
    assert found.measured == len(real) - 1
    np.savez(tmp_path / "none.npz", allow_pickle=False, bbal6n=np.full_like(points, np.nan))
    with pytest.raises(ClipError, match="no frame of the real video shows a face"):
        MouthQuality("precomputed").measure(_mouthed(tmp_path / "r.mkv", real, tmp_path / "none.npz"), reference)
    np.savez(tmp_path / "tiny.npz", allow_pickle=False, bbal6n=points / 10)
    with pytest.raises(ClipError, match="the square around the mouth is 6 pixels a side, at least 11"):
        MouthQuality("precomputed").measure(_mouthed(tmp_path / "t.mkv", real, tmp_path / "tiny.npz"), reference)


def test_other_sizes_are_said(real: Frames, tmp_path: Path) -> None:
    reference = _features(tmp_path / "real.mkv", real)
    small = _features(tmp_path / "small.mkv", real[:, ::2, ::2])
    with pytest.raises(ClipError, match="the answer is 80 x 80 pixels, the real video 160 x 160"):
        ImageQuality().measure(reference, small)
    with pytest.raises(ClipError, match="there is no real video of this speech"):
        ImageQuality().measure(unseen(small.clip), small)
    with pytest.raises(ValueError, match="one shape"):
        ssim(real, real[:2])
