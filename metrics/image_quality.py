"""PSNR and SSIM of generated frames against the real ones, in floating point.

Settings are those of the field's scripts (TalkLip's ``visual_quality.py``): whole frames, RGB, 0..255; SSIM with an 11 x 11
Gaussian of sigma 1.5 and population covariance. Squares are never taken in 8-bit arithmetic, which wraps and inflates
PSNR by several dB.

A talking-face generator may paint the mouth and copy all the rest, so that whole frames say little of what it made: the same
two of the mouth stand beside them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from syncbench import registry
from syncbench.clip import Frames
from syncbench.errors import ClipError
from syncbench.faces.crops import cut
from syncbench.feature import Feature, Features
from syncbench.features.frames import FOOTAGE
from syncbench.features.mouths import SIDE_PER_FACE, mouth_squares
from syncbench.measurement import Ratios
from syncbench.media import Footage, spans
from syncbench.metric import Measured, Metric, ScoreSpec

__all__ = ["MOUTH_REGION", "PSNR_CAP", "ImageQuality", "MouthQuality", "frame_pairs", "mouth_pairs", "psnr", "ssim"]

MOUTH_REGION = f"mouth-{SIDE_PER_FACE:g}-faces"
"""The square around the real mouth, of :func:`syncbench.features.mouths.mouth_squares`, as signatures say it."""

PSNR_CAP = 100.0
"""dB given to identical frames, whose PSNR is infinite and would make any mean so."""

_RADIUS = 5  # 11 x 11 window
_WINDOW = 2 * _RADIUS + 1
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


def mouth_pairs(
    landmarks: Feature, reference: Features, output: Features, least: int = 1
) -> Iterator[tuple[Frames, Frames]]:
    """Yield the squares around the mouth of both, ``[t, S, S, 3]`` each, piece by piece, as far as both go.

    Of frames in which the real face was found. The landmarks of the real video place the square in both, so that a mouth
    in the wrong place is seen.

    Raises ClipError where sizes of frames differ, the real video shows no face, or the square is under ``least`` pixels a
    side.
    """
    squares = mouth_squares(reference[landmarks])
    known = np.flatnonzero(np.isfinite(squares).all(axis=1))
    if not len(known):
        raise ClipError("no frame of the real video shows a face, so there is no mouth to look at")
    if (side := int(squares[known][0, 2])) < least:
        raise ClipError(f"the square around the mouth is {side} pixels a side, at least {least} are needed")
    start = 0
    for real, made in frame_pairs(reference, output):
        here = known[(known >= start) & (known < start + len(real))]
        if len(here):
            crops = [np.stack([cut(of[t - start], squares[t]) for t in here]) for of in (real, made)]
            yield crops[0], crops[1]
        start += len(real)


def _mean_square(real: NDArray[np.uint8], made: NDArray[np.uint8]) -> float:
    difference = real.astype(np.int64).ravel() - made.astype(np.int64).ravel()
    return float(difference @ difference) / difference.size


def _ssim(real: NDArray[np.uint8], made: NDArray[np.uint8]) -> float:
    if np.array_equal(real, made):  # as all frames of the anchors that show the real video are
        return 1.0
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
        return _measured(("psnr", "ssim"), frame_pairs(reference, output, _WINDOW))


class MouthQuality(Metric):
    """PSNR and SSIM of the mouth: in the square that the real video's landmarks place around it, the same in both videos.

    Frames count in which the real face was found; the corpus score is the mean over those of all clips. Settings are
    those of whole frames. The square is SyncBench's (ASSUMED): the field has no standard for it.
    """

    name = "image_quality_mouth"
    inputs = frozenset({"video"})
    scores = (
        ScoreSpec(
            "psnr_mouth", "PSNR mouth", "dB", "higher", (0.0, PSNR_CAP), True, "20 log10(255 / RMSE); square: SyncBench",
            "peak signal-to-noise ratio of the mouth, mean over frames; identical ones count as 100 dB", 2, headline=False,
        ),
        ScoreSpec(
            "ssim_mouth", "SSIM mouth", "", "higher", (-1.0, 1.0), True, "Wang et al. 2004; square: SyncBench",
            "structural similarity of the mouth in RGB, mean over frames", 4, headline=False,
        ),
    )  # fmt: skip

    def __init__(self, landmarks: str = "bundled") -> None:
        self.provider = registry.landmarks(landmarks)
        self.features = (FOOTAGE, self.provider.feature)
        self.settings = {**ImageQuality.settings, "region": MOUTH_REGION, "landmarks": self.provider.label}

    def unavailable(self) -> str | None:
        return self.provider.unavailable()

    def measure(self, reference: Features, output: Features) -> Measured:
        return _measured(("psnr_mouth", "ssim_mouth"), mouth_pairs(self.provider.feature, reference, output, _WINDOW))


def _measured(names: tuple[str, str], pairs: Iterator[tuple[Frames, Frames]]) -> Measured:
    """Return what PSNR and SSIM, under these names, find in pieces of both videos."""
    found = [(psnr(*pair), ssim(*pair)) for pair in pairs]
    if not found:
        raise ClipError("no frame of the answer has the mouth of the real video beside it")
    curves = {name: np.concatenate(rows) for name, rows in zip(names, zip(*found, strict=True), strict=True)}
    count = len(curves[names[0]])
    return Measured(
        Ratios({name: (float(curve.sum()), count) for name, curve in curves.items()}, measured=count), curves
    )
