"""PSNR and SSIM of generated frames against the real ones, in floating point.

Settings are those of the field's scripts (TalkLip's ``visual_quality.py``): whole frames, RGB, 0..255; SSIM with an 11 x 11
Gaussian of sigma 1.5 and population covariance. Squares are never taken in 8-bit arithmetic, which wraps and inflates
PSNR by several dB.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from syncbench.clip import Frames
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.frames import FOOTAGE
from syncbench.measurement import Ratios
from syncbench.media import Footage, spans
from syncbench.metric import Measured, Metric, ScoreSpec

__all__ = ["PSNR_CAP", "ImageQuality", "frame_pairs", "psnr", "ssim"]

PSNR_CAP = 100.0
"""dB given to identical frames, whose PSNR is infinite and would make any mean so."""

_RADIUS = 5  # 11 x 11 window
_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2


def psnr(reference: Frames, output: Frames, cap: float = PSNR_CAP) -> NDArray[np.float64]:
    """Return the peak signal-to-noise ratio of each frame, in dB, float64 ``[T]``.

    ``20 log10(255 / sqrt(MSE))`` over all pixels and channels; at most ``cap``, which identical frames get.

    Args:
        reference, output: uint8 ``[T, H, W, 3]`` of one shape.
        cap: largest value, in dB.
    """
    _same_shape(reference, output)
    error = np.array([_mean_square(*pair) for pair in zip(reference, output, strict=True)])
    with np.errstate(divide="ignore"):
        decibels: NDArray[np.float64] = 20 * np.log10(255 / np.sqrt(error))
    return np.minimum(decibels, cap)


def ssim(reference: Frames, output: Frames) -> NDArray[np.float64]:
    """Return the structural similarity of each frame, -1..1, float64 ``[T]``.

    Mean over the channels and over all pixels at least five from the border. Equal to scikit-image's
    ``structural_similarity(a, b, channel_axis=-1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    data_range=255)``.

    Source: Z. Wang et al., "Image quality assessment: from error visibility to structural similarity" (2004).

    Args:
        reference, output: uint8 ``[T, H, W, 3]`` of one shape, height and width at least 11.
    """
    _same_shape(reference, output)
    if min(reference.shape[1:3]) <= 2 * _RADIUS:
        raise ValueError(f"SSIM needs frames of at least 11 x 11 pixels, not {_size(reference)}")
    return np.array([_ssim(*pair) for pair in zip(reference, output, strict=True)])


def frame_pairs(reference: Features, output: Features, least: int = 1) -> Iterator[tuple[Frames, Frames]]:
    """Yield the frames of both, piece by piece, as far as both go.

    Raises ClipError where their sizes differ, or are under ``least`` pixels a side.
    """
    real, made = reference[FOOTAGE], output[FOOTAGE]
    if real.shape[1:] != made.shape[1:]:
        raise ClipError(f"the answer is {_size(made)} pixels, the real video {_size(real)}: write it at that size")
    if min(real.shape[1:3]) < least:
        raise ClipError(f"frames of at least {least} x {least} pixels are needed, not {_size(real)}")
    for span in spans(real if len(real) < len(made) else made):
        yield real[span], made[span]


def _mean_square(real: NDArray[np.uint8], made: NDArray[np.uint8]) -> float:
    difference = real.astype(np.int64).ravel() - made.astype(np.int64).ravel()
    return float(difference @ difference) / difference.size


def _ssim(real: NDArray[np.uint8], made: NDArray[np.uint8]) -> float:
    # With s = a + b and d = a - b, the means of s, d, s * s and d * d hold all that SSIM asks for: four blurs, not five.
    a, b = real.astype(np.float64), made.astype(np.float64)
    total, difference = a + b, a - b
    mean_total, mean_difference = _blur(total), _blur(difference)
    var_total = _blur(total * total) - mean_total**2  # var a + var b + 2 cov
    var_difference = _blur(difference * difference) - mean_difference**2  # var a + var b - 2 cov
    means_product = (mean_total**2 - mean_difference**2) / 2  # 2 mean a mean b
    means_squares = (mean_total**2 + mean_difference**2) / 2
    covariance = (var_total - var_difference) / 2  # 2 cov
    variances = (var_total + var_difference) / 2
    index = (means_product + _C1) * (covariance + _C2) / ((means_squares + _C1) * (variances + _C2))
    return float(index.mean())


_BELL = np.exp(-0.5 * (np.arange(-_RADIUS, _RADIUS + 1) / 1.5) ** 2)
_WEIGHTS = _BELL / _BELL.sum()


def _blur(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Blur ``[H, W, C]`` and drop what the border touches: ``[H - 10, W - 10, C]``."""
    rows = ndimage.correlate1d(picture, _WEIGHTS, axis=0)[_RADIUS:-_RADIUS]
    return np.asarray(ndimage.correlate1d(rows, _WEIGHTS, axis=1)[:, _RADIUS:-_RADIUS])


def _same_shape(reference: Frames, output: Frames) -> None:
    if reference.shape != output.shape:
        raise ValueError(f"frames must be of one shape, not {reference.shape} and {output.shape}")


def _size(frames: Frames | Footage) -> str:
    return f"{frames.shape[2]} x {frames.shape[1]}"


class ImageQuality(Metric):
    """PSNR and SSIM over the frames both videos have: the corpus score is the mean over all frames of all clips."""

    name = "image_quality"
    inputs = frozenset({"video"})
    scores = (
        ScoreSpec(
            "psnr", "PSNR", "dB", "higher", (0.0, PSNR_CAP), True, "20 log10(255 / RMSE), as in TalkLip's visual_quality.py",
            "peak signal-to-noise ratio of whole frames, mean over frames; identical frames count as 100 dB", 2,
        ),
        ScoreSpec(
            "ssim", "SSIM", "", "higher", (-1.0, 1.0), True, "Wang et al. 2004 (scikit-image's definition)",
            "structural similarity of whole RGB frames, mean over frames", 4,
        ),
    )  # fmt: skip
    features = (FOOTAGE,)
    settings = {"colour": "rgb", "region": "frame", "ssim": "gauss11-1.5", "psnr_cap": f"{PSNR_CAP:g}"}

    def measure(self, reference: Features, output: Features) -> Measured:
        found = [(psnr(*pair), ssim(*pair)) for pair in frame_pairs(reference, output, 2 * _RADIUS + 1)]
        curves = {
            name: np.concatenate(rows) for name, rows in zip(("psnr", "ssim"), zip(*found, strict=True), strict=True)
        }
        count = len(curves["psnr"])
        sums = Ratios({name: (float(curve.sum()), count) for name, curve in curves.items()}, measured=count)
        return Measured(sums, curves)
