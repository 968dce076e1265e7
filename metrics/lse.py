"""LSE-C, LSE-D and AV offset: how near lips and speech are in the space of a sync evaluator.

For each window i of five frames and each shift, the evaluator's embedding of the lips is compared with its embedding of
the speech that many frames away. LSE-D is the smallest mean distance over all shifts, LSE-C how far it lies below the
median one, and the offset is where it lies.

**Sign of the offset**: ``+k`` means that what frame i shows is heard at frame ``i - k``: the speech is early by k frames
(40 ms each), and delaying it by that much mends the clip. ``-k`` means that the speech is late.

Source: J. S. Chung and A. Zisserman, "Out of time: automated lip sync in the wild" (2016), ``SyncNetInstance.evaluate`` of
joonson/syncnet_python; the names LSE-C and LSE-D are of K. R. Prajwal et al., "A Lip Sync Expert Is All You Need" (2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from syncbench import registry
from syncbench.clip import FPS
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.evaluators import WINDOW, SyncEvaluator, seen_windows
from syncbench.measurement import Ratios, ratio
from syncbench.metric import Direction, Measured, Metric, ScoreSpec

__all__ = [
    "REACH",
    "SHORTEST",
    "SURE",
    "Lse",
    "LseResult",
    "certainty",
    "default_evaluator",
    "distances",
    "latentsync",
    "lse",
    "masked_lse",
    "mochabench",
    "syncnet_pipeline",
    "wav2lip_lrs",
    "wav2lip_real",
]

REACH = 15
"""Largest shift tried, in frames, either way."""
SHORTEST = REACH + 1
"""Least number of windows: with fewer, some shifts compare with nothing but the zeros beyond the ends."""
SURE = 0.9
"""Certainty from which on an offset means something."""
_BLOCK = 10  # windows: neighbours share four of five frames, and a syllable takes as long
_RESAMPLINGS = 200
_EPS = 1e-6  # added to every difference before its length is taken, as torch's pairwise_distance does


@dataclass(frozen=True, slots=True)
class LseResult:
    """What the distances of one clip say.

    Attributes:
        lse_c: median minus minimum of the mean distances, >= 0; higher is better.
        lse_d: minimum of the mean distances, >= 0; lower is better.
        offset: shift of that minimum, in frames; positive where the speech is early.
        confidence: ``[n]``, for each window the median of the means minus its own distance at that shift, smoothed
            with a running median over nine windows (zeros beyond the ends).
        means: ``[2 * reach + 1]``, the mean distance at each shift; column j is offset ``reach - j``.
    """

    lse_c: float
    lse_d: float
    offset: int
    confidence: NDArray[np.float64]
    means: NDArray[np.float64]


def distances(
    video: NDArray[np.floating[Any]], audio: NDArray[np.floating[Any]], reach: int = REACH
) -> NDArray[np.float32]:
    """Return the distance of each lip embedding to the speech embeddings around it, float32 ``[n, 2 * reach + 1]``.

    ``video`` and ``audio`` are ``[n, D]``, one row per window. Column j compares window i with the speech of window
    ``i + j - reach``; beyond the ends of the clip that is a row of zeros, as in the published scorers.
    """
    if video.shape != audio.shape or video.ndim != 2:
        raise ValueError(f"lip and speech embeddings must be of one shape [n, D], not {video.shape} and {audio.shape}")
    windows = len(video)
    padded = np.pad(audio, ((reach, reach), (0, 0)))
    columns = [
        np.linalg.norm(video - padded[shift : shift + windows] + np.float32(_EPS), axis=1)
        for shift in range(2 * reach + 1)
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def lse(distances: NDArray[np.floating[Any]]) -> LseResult:
    """Return LSE-C, LSE-D and offset as published, from distances ``[n, 2 * reach + 1]``.

    The mean at each shift runs over all n windows, those compared with the zeros beyond the ends included. The fewer
    windows, the larger their share (38.7 % of all cells at n = 20, 1.5 % at n = 500), so LSE-C depends on the length of
    the clip: :func:`masked_lse` does not have this bias.

    An offset means something only where LSE-C says that there is a minimum: a frozen face among silence lies nearest to
    its speech at no shift at all.
    """
    return _result(distances, distances.mean(axis=0, dtype=np.float64))


def masked_lse(distances: NDArray[np.floating[Any]], seen: NDArray[np.bool_] | None = None) -> LseResult:
    """Return the same from valid cells only: those whose speech window lies inside the clip, and of windows ``seen [n]``.

    A shift at which no speech window does, in clips of at most ``reach`` windows, is left out (NaN in ``means``).
    """
    valid = _valid(distances, seen)
    return _result(distances, ratio(np.where(valid, distances, 0).sum(axis=0, dtype=np.float64), valid.sum(axis=0)))


def certainty(distances: NDArray[np.floating[Any]], seen: NDArray[np.bool_] | None = None, seed: int = 0) -> float:
    """Return how sure the masked offset is, 0..1: in which share of resamplings it stays within one frame.

    Windows are drawn anew in blocks of ten, 200 times (a moving-block bootstrap, seeded). Lips and speech that belong
    together reach 0.9 and more from about two seconds on; where the curve of distances has no minimum, the smallest
    mean lies now here, now there. Under ``SURE`` an offset means nothing.
    """
    windows, valid = len(distances), _valid(distances, seen)
    sums = [_blocks(values) for values in (np.where(valid, distances, 0).astype(np.float64), valid.astype(np.float64))]
    rng = np.random.default_rng(seed)
    best = int(np.nanargmin(masked_lse(distances, seen).means))
    agree = 0
    for _ in range(_RESAMPLINGS):
        starts = rng.integers(0, windows, max(1, -(-windows // _BLOCK)))
        means = ratio(*(values[starts].sum(axis=0) for values in sums))
        agree += bool(np.isfinite(means).any()) and abs(int(np.nanargmin(means)) - best) <= 1
    return agree / _RESAMPLINGS


def _valid(distances: NDArray[np.floating[Any]], seen: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Return which cells ``[n, shifts]`` compare a window that is seen with speech inside the clip."""
    windows, shifts = distances.shape
    partner = np.arange(windows)[:, None] + np.arange(shifts) - shifts // 2
    valid = (partner >= 0) & (partner < windows)
    return np.asarray(valid if seen is None else valid & seen[:, None])


def _blocks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of the ten rows from each one on, around the end."""
    around = np.concatenate([values, values[: min(_BLOCK - 1, len(values))]])
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(around, axis=0)])
    length = min(_BLOCK, len(values))
    return np.asarray(total[length : length + len(values)] - total[: len(values)])


def _result(distances: NDArray[np.floating[Any]], means: NDArray[np.float64]) -> LseResult:
    best = int(np.nanargmin(means))
    middle = np.nanmedian(means)
    confidence = ndimage.median_filter(middle - distances[:, best].astype(np.float64), 9, mode="constant")
    return LseResult(
        lse_c=float(middle - means[best]),
        lse_d=float(means[best]),
        offset=len(means) // 2 - best,
        confidence=confidence,
        means=means,
    )


_PAPER = "Chung & Zisserman 2016; Prajwal et al. 2020 (joonson/syncnet_python)"


def _specs() -> tuple[ScoreSpec, ...]:
    def spec(name: str, title: str, unit: str, direction: Direction, low: float | None, summary: str) -> ScoreSpec:
        high = {"%": 100.0, "frames": float(REACH)}.get(unit)
        headline = name in {"lse_c", "lse_d"}
        return ScoreSpec(name, title, unit, direction, (low, high), False, _PAPER, summary, headline=headline)

    masked = "only speech windows inside the clip count: does not depend on the clip's length"
    return (
        spec("lse_c", "LSE-C", "", "higher", 0.0, "confidence: median minus minimum of the mean distances"),
        spec("lse_d", "LSE-D", "", "lower", 0.0, "distance: minimum of the mean distances"),
        spec("lse_c_masked", "LSE-C masked", "", "higher", 0.0, f"LSE-C; {masked}"),
        spec("lse_d_masked", "LSE-D masked", "", "lower", 0.0, f"LSE-D; {masked}"),
        spec("av_offset", "AV offset", "frames", "none", -float(REACH), "mean offset; positive: the speech is early"),
        spec("av_offset_abs", "|AV offset|", "frames", "lower", 0.0, "mean absolute offset, by the masked mean"),
        spec(
            "in_sync",
            "In sync",
            "%",
            "higher",
            0.0,
            f"clips whose offset by the masked mean is -1, 0 or 1 frames, and sure ({100 * SURE:g} % or more)",
        ),
        spec("offset_certainty", "Offset certainty", "%", "higher", 0.0, "resamplings in which the offset stays, mean"),
    )


class Lse(Metric):
    """LSE-C, LSE-D and AV offset with a sync evaluator.

    The field's corpus score is the unweighted mean over files, so each clip counts once. Without an evaluator, SyncNet v2
    is used where its official weights are present, and the bundled expert otherwise; which of them it was stands in every
    signature. ``protocol`` chooses how SyncNet v2 is fed and makes sense with it alone.
    """

    inputs = frozenset({"video", "speech"})
    order = 10
    scores = _specs()

    def __init__(self, evaluator: SyncEvaluator | None = None, protocol: str = "native") -> None:
        self.name = "lse" if protocol == "native" else f"lse-{protocol}"
        self.evaluator = evaluator or default_evaluator(protocol)
        self.on_request = protocol != "native"
        self.features = (self.evaluator.embeddings,)
        self.settings = {
            "evaluator": self.evaluator.label,
            "protocol": self.evaluator.protocol,
            "fps": str(FPS),
            "reach": str(REACH),
            "limits": f"windows:{SHORTEST}" + (f",{self.evaluator.limits}" if self.evaluator.limits else ""),
        }

    def unavailable(self) -> str | None:
        return self.evaluator.unavailable()

    def measure(self, reference: Features, output: Features) -> Measured:
        embedded = output[self.evaluator.embeddings]
        seen = seen_windows(embedded)
        windows = int(seen.sum())
        if windows < SHORTEST:
            raise ClipError(
                f"too short for LSE: {windows} windows of {WINDOW} frames with a face and its speech, at least {SHORTEST} "
                f"are needed to compare shifts of {REACH} frames"
            )
        cells = distances(embedded["video"], embedded["audio"])
        sure = certainty(cells, seen)
        published, masked = lse(cells[seen]), masked_lse(cells, seen)
        ratios = Ratios(
            {
                "lse_c": (published.lse_c, 1),
                "lse_d": (published.lse_d, 1),
                "lse_c_masked": (masked.lse_c, 1),
                "lse_d_masked": (masked.lse_d, 1),
                "av_offset": (published.offset, 1),
                "av_offset_abs": (abs(masked.offset), 1),  # the zeros beyond the ends pull the published one to 0
                "in_sync": (100 * int(abs(masked.offset) <= 1 and sure >= SURE), 1),
                "offset_certainty": (100 * sure, 1),
            },
            measured=int(np.convolve(seen, np.ones(WINDOW)).astype(bool).sum()),  # frames in some window
        )
        curves = {
            "confidence": _at(seen, published.confidence),
            "offset": np.arange(REACH, -REACH - 1, -1),
            "distance": published.means,
        }
        return Measured(ratios, curves)


def _at(seen: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a value for each window, NaN for those that are not seen."""
    whole = np.full(len(seen), np.nan)
    whole[seen] = values
    return whole


def default_evaluator(protocol: str = "native") -> SyncEvaluator:
    """Return SyncNet v2 where its official weights are here or a protocol asks for it, else the bundled expert."""
    official: SyncEvaluator = registry.load("evaluator", "syncnet_v2")(protocol)
    if protocol != "native" or official.unavailable() is None:
        return official
    bundled: SyncEvaluator = registry.load("evaluator", "expert")(protocol)
    return bundled


def wav2lip_lrs() -> Lse:
    """LSE by Wav2Lip's route for cropped datasets (``calculate_scores_LRS.py``); needs the official SyncNet v2."""
    return Lse(protocol="wav2lip-lrs")


def syncnet_pipeline() -> Lse:
    """LSE of the longest face track, as ``run_pipeline.py`` prepares it; needs the official SyncNet v2 and S3FD."""
    return Lse(protocol="syncnet-pipeline")


def wav2lip_real() -> Lse:
    """LSE by Wav2Lip's route for uncropped video (``calculate_scores_real_videos``); needs SyncNet v2 and S3FD."""
    return Lse(protocol="wav2lip-real")


def latentsync() -> Lse:
    """LSE of the longest face track, as LatentSync's ``eval_sync_conf`` prepares it; needs SyncNet v2 and S3FD."""
    return Lse(protocol="latentsync")


def mochabench() -> Lse:
    """LSE of the longest face track, as MoChaBench prepares it; needs SyncNet v2 and S3FD."""
    return Lse(protocol="mochabench")
