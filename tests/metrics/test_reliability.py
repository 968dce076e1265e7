"""Reliability: AUROC and rank correlation equal their definitions, and add up over clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from syncbench.clip import Clip
from syncbench.feature import Features
from syncbench.measurement import Ratios
from syncbench.metrics.reliability import (
    Reliability,
    ReliabilityRank,
    auroc_pairs,
    joint_counts,
    measure_ranks,
    measure_reliability,
    spearman,
)


def test_auroc_is_the_share_of_pairs() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 8, 40) / 8.0  # ties on purpose
    mask = rng.random(40) < 0.4
    wins, pairs = auroc_pairs(scores, mask)
    brute = sum((a < b) + 0.5 * (a == b) for a in scores[mask] for b in scores[~mask])
    assert (wins, pairs) == (brute, mask.sum() * (~mask).sum())
    assert auroc_pairs(np.array([0.1, 0.9]), np.array([True, False])) == (1.0, 1)
    assert auroc_pairs(np.array([0.9, 0.1]), np.array([True, False])) == (0.0, 1)
    assert auroc_pairs(scores, np.zeros(40, bool)) == (0.0, 0)


def test_spearman_of_counts_is_spearman_of_frames() -> None:
    rng = np.random.default_rng(1)
    level = rng.uniform(0, 2, 3000)
    scores = np.clip(0.8 - 0.2 * level + 0.1 * rng.standard_normal(3000), 0, 0.999)
    binned = np.floor(level / 2 * 50), np.floor(scores * 500)
    assert spearman(joint_counts(level, scores, 0, 2)) == pytest.approx(spearmanr(*binned).statistic, abs=1e-9)
    assert spearman(joint_counts(level, scores, 0, 2)) == pytest.approx(spearmanr(level, scores).statistic, abs=0.01)
    assert np.isnan(spearman(joint_counts(np.full(5, 1.0), scores[:5], 0, 2)))
    assert np.isnan(spearman(np.zeros((50, 500), int)))


def traces(seed: int) -> dict[str, np.ndarray]:
    """Return a clip whose occlusion the scores see, whose blur they do not, and whose noise they see."""
    rng = np.random.default_rng(seed)
    video, audio = 0.6 + 0.01 * rng.standard_normal(75), 0.7 + 0.01 * rng.standard_normal(75)
    occlusion, blur, noise = (np.full(75, np.nan) for _ in range(3))
    occlusion[10:30] = 0.5
    video[10:30] -= 0.3
    blur[40:60] = 1.5
    noise[5:50] = -5.0 if seed % 2 else 10.0
    audio[5:50] -= 0.2 if seed % 2 else 0.1
    return {
        "reliability_video": video,
        "reliability_audio": audio,
        "corruption/video.occlusion": occlusion,
        "corruption/video.blur": blur,
        "corruption/audio.babble": noise,
        "corruption/snr_db": np.asarray(0.0),
        "corruption/noise_file": np.asarray("x.wav"),
    }


def test_kinds_are_counted_apart_and_add_up() -> None:
    one, two = measure_reliability(traces(0)), measure_reliability(traces(1))
    scores = (one + two).scores()
    assert scores["auroc_occlusion"] == 1.0
    assert scores["auroc_blur"] == pytest.approx(0.5, abs=0.12)
    assert scores["auroc_noise"] == scores["auroc_audio"] == 1.0
    assert 0.6 < scores["auroc_video"] < 0.9  # seen and unseen together: why kinds stay apart
    assert "auroc_gaussian" not in scores
    assert one.pairs["auroc_occlusion"] == (700, 20 * (75 - 40))  # blurred frames are in no pair of occlusion
    assert scores["reliability_video"] == pytest.approx(0.52, abs=0.01)
    assert one + Ratios.zero() == one


def test_rank_correlation_needs_several_levels_which_conditions_give() -> None:
    one, two = measure_ranks(traces(0)), measure_ranks(traces(1))
    assert np.isnan(one.scores()["rho_snr"])
    assert (one + two).scores()["rho_snr"] > 0.8
    assert (one + two).noise.sum() == 90


def test_systems_without_scores_count_nothing() -> None:
    nothing = Features(Clip("a"))
    assert Reliability().measure(nothing, nothing).measurement == Ratios.zero()
    assert all(np.isnan(v) for v in ReliabilityRank().measure(nothing, nothing).scores().values())


def test_kept_traces_are_measured_and_drawn(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", **traces(0))
    features = Features(Clip("a", extras={"traces": tmp_path / "t.npz"}))
    found = Reliability().measure(features, features)
    assert found.measurement == measure_reliability(traces(0))
    assert set(found.curves) == {name for name, trace in traces(0).items() if trace.ndim}
    assert np.isfinite(found.curves["corruption/video.occlusion"]).sum() == 20
    assert ReliabilityRank().measure(features, features).noise.sum() == 45


def test_the_metrics_name_what_they_measure() -> None:
    everything = {**traces(0), "corruption/video.gaussian": np.full(75, 0.1)}
    assert {spec.name for spec in Reliability().scores} == set(measure_reliability(everything).scores())
    assert {spec.name for spec in ReliabilityRank().scores} == set(measure_ranks(everything).scores())
