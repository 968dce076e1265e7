"""Whether reliability scores know what was corrupted: AV-RelScore's per-frame scores held against the truth.

A recogniser with reliability scoring leaves ``reliability_video`` and ``reliability_audio`` ``[T]`` in its traces; a
corrupted clip's traces also hold what was done to each frame (``corruption/video.blur`` ``[T]``, NaN where nothing was). The
scalar score of a frame is the mean over channels: the paper's recipe is not known, ASSUMED.

AUROC is counted within clips: of all pairs of a corrupted and an untouched frame of one clip, the share in which the
corrupted one has the lower score (ties count half). One half is chance. Kinds of corruption are never averaged.
Rank correlation (Spearman) with the level of corruption is over frames, from a table of counts, and needs clips or
conditions of several levels; measurements of several conditions can be added for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.feature import Features
from syncbench.features.traces import TRACES
from syncbench.measurement import Measurement, Ratios
from syncbench.metric import Direction, Measured, Metric, ScoreSpec

__all__ = [
    "LEVELS",
    "Reliability",
    "ReliabilityRank",
    "ReliabilityRankMeasurement",
    "auroc_pairs",
    "joint_counts",
    "measure_ranks",
    "measure_reliability",
    "spearman",
]

# Where kinds of corruption have their levels: lowest, highest, and what the number is.
LEVELS = {
    "video.occlusion": (0.0, 1.0, "covered share of the mouth"),
    "video.gaussian": (0.0, 0.2, "variance"),
    "video.blur": (0.0, 2.0, "sigma, px"),
    "audio.noise": (-20.0, 30.0, "SNR, dB"),
}
_NOISES = ("white", "pink", "speech-shaped", "babble", "folder")
_LEVEL_BINS = 50
_SCORE_BINS = 500

_PAPER = "Hong, Kim, Choi and Ro, CVPR 2023 (arXiv 2303.08536); recipe ASSUMED"


def auroc_pairs(scores: NDArray[np.floating], corrupted: NDArray[np.bool_]) -> tuple[float, int]:
    """Return how many pairs have the corrupted frame's score lower (ties half), and how many pairs there are.

    ``scores [T]``, ``corrupted [T]``. The AUROC of ``-score`` for corrupted frames is the first over the second.
    """
    low, high = np.sort(scores[corrupted]), np.sort(scores[~corrupted])
    below = np.searchsorted(low, high, side="left")
    up_to = np.searchsorted(low, high, side="right")
    return float((below + up_to).sum()) / 2.0, len(low) * len(high)


def joint_counts(
    levels: NDArray[np.floating], scores: NDArray[np.floating], low: float, high: float
) -> NDArray[np.int64]:
    """Return how many frames have each level and score, ``[50, 500]``: levels in ``low..high``, scores in 0..1.

    Frames with NaN for a level are left out; levels outside count in the outermost bins.
    """
    known = np.isfinite(levels)
    row = np.floor((levels[known] - low) / (high - low) * _LEVEL_BINS).clip(0, _LEVEL_BINS - 1).astype(np.int64)
    column = np.floor(scores[known] * _SCORE_BINS).clip(0, _SCORE_BINS - 1).astype(np.int64)
    counts = np.zeros((_LEVEL_BINS, _SCORE_BINS), dtype=np.int64)
    np.add.at(counts, (row, column), 1)
    return counts


def spearman(counts: NDArray[np.integer]) -> float:
    """Return Spearman's rho of a table of counts ``[A, B]``: Pearson's of the mid-ranks. NaN where one side is constant."""
    total = counts.sum()
    if total < 2:
        return float("nan")

    def ranks(margin: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.cumsum(margin) - margin / 2.0 - total / 2.0)

    rows, columns = counts.sum(axis=1).astype(np.float64), counts.sum(axis=0).astype(np.float64)
    row_rank, column_rank = ranks(rows), ranks(columns)
    spread = np.sqrt((rows @ row_rank**2) * (columns @ column_rank**2))
    return float(row_rank @ counts @ column_rank / spread) if spread > 0 else float("nan")


def _streams(
    traces: Mapping[str, NDArray[Any]],
) -> dict[str, tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]]:
    """Return, for each stream with scores, the scores ``[T]`` and the corruption's levels ``[T]`` by kind."""
    found: dict[str, tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]] = {}
    for stream in ("video", "audio"):
        if f"reliability_{stream}" not in traces:
            continue
        scores = np.asarray(traces[f"reliability_{stream}"], dtype=np.float64)
        prefix = f"corruption/{stream}."
        levels = {
            name.removeprefix(prefix): np.asarray(level, dtype=np.float64)
            for name, level in traces.items()
            if name.startswith(prefix) and np.shape(level) == scores.shape
        }
        found[stream] = scores, levels
    return found


def _specs() -> tuple[ScoreSpec, ...]:
    def spec(name: str, title: str, summary: str, direction: Direction = "higher") -> ScoreSpec:
        return ScoreSpec(name, title, "", direction, (0.0, 1.0), False, _PAPER, summary, headline=False)

    told = "corrupted frames told from untouched ones of the same clip by their lower score; 0.5 is chance"
    return (
        spec("auroc_occlusion", "AUROC occlusion", f"occluded mouths: {told}"),
        spec("auroc_gaussian", "AUROC noise (video)", f"Gaussian noise in the picture: {told}"),
        spec("auroc_blur", "AUROC blur", f"blurred mouths: {told}"),
        spec("auroc_noise", "AUROC noise (audio)", f"intermittent noise in speech: {told}"),
        spec("auroc_video", "AUROC video", f"frames whose picture was corrupted in any way: {told}"),
        spec("auroc_audio", "AUROC audio", f"frames whose speech was corrupted in any way: {told}"),
        spec("reliability_video", "Reliability video", "mean score of the video stream", "none"),
        spec("reliability_audio", "Reliability audio", "mean score of the audio stream", "none"),
    )


class Reliability(Metric):
    """AUROC of low reliability for corrupted frames, by kind of corruption, and the mean scores.

    Pairs of a corrupted and an untouched frame of one clip count.
    """

    name = "reliability"
    inputs = frozenset({"transcript"})
    covers = False
    traces = frozenset({"reliability_video", "reliability_audio"})
    scores = _specs()
    features = (TRACES,)
    settings = {"frame": "mean-of-channels", "pairs": "within-clip"}

    def measure(self, reference: Features, output: Features) -> Measured:
        traces = output[TRACES]
        curves: dict[str, NDArray[Any]] = {}
        for stream, (scores, levels) in _streams(traces).items():
            curves[f"reliability_{stream}"] = scores
            curves |= {f"corruption/{stream}.{kind}": level for kind, level in levels.items()}
        return Measured(measure_reliability(traces), curves)


def measure_reliability(traces: Mapping[str, NDArray[Any]]) -> Ratios:
    """Return one clip's pairs and sums from its traces: scores and levels of corruption, ``[T]`` each."""
    pairs: dict[str, tuple[float, int]] = {}
    for stream, (scores, levels) in _streams(traces).items():
        pairs[f"reliability_{stream}"] = (float(scores.sum()), len(scores))
        touched = {kind: np.isfinite(level) for kind, level in levels.items()}
        anything = np.any(list(touched.values()), axis=0) if touched else np.zeros(len(scores), dtype=bool)
        kinds: dict[str, NDArray[np.bool_]] = {stream: anything}
        if stream == "video":
            kinds |= {k: touched[k] for k in ("occlusion", "gaussian", "blur") if k in touched}
        elif noises := [touched[k] for k in _NOISES if k in touched]:
            kinds["noise"] = np.any(noises, axis=0)
        for kind, mask in kinds.items():
            # A frame corrupted in another way is neither: it is left out of the pairs.
            counted = mask | ~anything
            pairs[f"auroc_{kind}"] = auroc_pairs(scores[counted], mask[counted])
    return Ratios(pairs)


def _no_counts() -> NDArray[np.int64]:
    return np.zeros((_LEVEL_BINS, _SCORE_BINS), dtype=np.int64)


@dataclass(frozen=True)
class ReliabilityRankMeasurement(Measurement):
    """How many corrupted frames have each level of corruption and each score, ``[50, 500]``, by kind."""

    occlusion: NDArray[np.int64] = field(default_factory=_no_counts)
    gaussian: NDArray[np.int64] = field(default_factory=_no_counts)
    blur: NDArray[np.int64] = field(default_factory=_no_counts)
    noise: NDArray[np.int64] = field(default_factory=_no_counts)

    def scores(self) -> dict[str, Any]:
        return {
            "rho_occlusion": spearman(self.occlusion),
            "rho_gaussian": spearman(self.gaussian),
            "rho_blur": spearman(self.blur),
            "rho_snr": spearman(self.noise),
        }


def _rank_specs() -> tuple[ScoreSpec, ...]:
    def spec(name: str, title: str, direction: Direction, level: str) -> ScoreSpec:
        summary = f"rank correlation of a frame's reliability with its {level}, over corrupted frames"
        return ScoreSpec(name, title, "", direction, (-1.0, 1.0), False, _PAPER, summary, headline=False)

    return (
        spec("rho_occlusion", "rho occlusion", "lower", "covered share of the mouth"),
        spec("rho_gaussian", "rho noise", "lower", "variance of the noise"),
        spec("rho_blur", "rho blur", "lower", "width of the blur"),
        spec("rho_snr", "rho SNR", "higher", "signal-to-noise ratio"),
    )


class ReliabilityRank(Metric):
    """Spearman's rho of the reliability with the level of corruption, over corrupted frames."""

    name = "reliability_rank"
    inputs = frozenset({"transcript"})
    covers = False
    traces = frozenset({"reliability_video", "reliability_audio"})
    scores = _rank_specs()
    measurement = ReliabilityRankMeasurement
    features = (TRACES,)
    settings = {"frame": "mean-of-channels", "bins": f"{_LEVEL_BINS}x{_SCORE_BINS}"}

    def measure(self, reference: Features, output: Features) -> ReliabilityRankMeasurement:
        return measure_ranks(output[TRACES])


def measure_ranks(traces: Mapping[str, NDArray[Any]]) -> ReliabilityRankMeasurement:
    """Return one clip's counts from its traces: scores and levels of corruption, ``[T]`` each."""
    fields: dict[str, Any] = {}
    for stream, (scores, levels) in _streams(traces).items():
        for kind, level in levels.items():
            name = "noise" if stream == "audio" and kind in _NOISES else kind
            if f"{stream}.{name}" in LEVELS:
                low, high, _ = LEVELS[f"{stream}.{name}"]
                fields[name] = fields.get(name, _no_counts()) + joint_counts(level, scores, low, high)
    return ReliabilityRankMeasurement(**fields)
