"""LSE on made-up embeddings whose answer is known."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.signal import medfilt

from syncbench.baselines.syncnet_v2.evaluator import SyncNetV2
from syncbench.contracts import Clip, Feature, Metric
from syncbench.features.core import ClipFeatures
from syncbench.metrics.lse import Lse, LseMeasurement, distances, lse, masked_lse


def _embeddings(windows: int, width: int = 64, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(windows, width)).astype(np.float32)


def test_distances_equal_pairwise_distance_over_zero_padded_speech() -> None:
    video, audio = _embeddings(20), _embeddings(20, seed=1)
    padded = torch.nn.functional.pad(torch.from_numpy(audio), (0, 0, 15, 15))
    expected = [
        torch.nn.functional.pairwise_distance(torch.from_numpy(video[i : i + 1]).expand(31, -1), padded[i : i + 31])
        for i in range(20)
    ]
    np.testing.assert_allclose(distances(video, audio), torch.stack(expected).numpy(), rtol=1e-6)


@pytest.mark.parametrize("early", [-15, -4, 0, 1, 7, 15])
def test_offset_is_positive_where_the_speech_is_early(early: int) -> None:
    spoken = _embeddings(120)
    video = spoken[40:80]
    audio = spoken[40 + early : 80 + early]  # what frame i shows is heard at frame i - early
    result = lse(distances(video, audio))
    assert result.offset == early
    assert masked_lse(distances(video, audio)).offset == early
    assert result.means[15 - early] == pytest.approx(result.lse_d)


def test_lse_is_median_minus_minimum_of_the_means() -> None:
    cells = np.full((30, 31), 10.0, np.float32)
    cells[:, :15] = 12.0  # 15 columns of 12, one of 4, 15 of 10: the median is 10
    cells[:, 15] = 4.0
    result = lse(cells)
    assert (result.lse_c, result.lse_d, result.offset) == (6.0, 4.0, 0)
    # The running median of nine sees zeros beyond the ends but never a majority of them.
    np.testing.assert_array_equal(result.confidence, np.full(30, 6.0))


def test_confidence_per_window_tells_where_the_lips_are_right() -> None:
    video = _embeddings(60)
    audio = video.copy()
    audio[30:] = _embeddings(30, seed=5)
    confidence = lse(distances(video, audio)).confidence
    assert confidence[5:25].min() > 2 * confidence[35:55].max()


def test_confidence_is_smoothed_over_nine_windows() -> None:
    cells = distances(_embeddings(40), _embeddings(40, seed=1))
    result = lse(cells)
    rough = np.median(result.means) - cells[:, 15 - result.offset].astype(np.float64)
    np.testing.assert_allclose(result.confidence, medfilt(rough, 9))


def test_masked_scores_do_not_depend_on_the_clips_length() -> None:
    def mean_score(windows: int) -> tuple[float, float]:
        found = [distances(_embeddings(windows, 1024, i), _embeddings(windows, 1024, 99 + i)) for i in range(5)]
        return float(np.mean([lse(d).lse_c for d in found])), float(np.mean([masked_lse(d).lse_c for d in found]))

    (short, short_masked), (long, long_masked) = mean_score(20), mean_score(300)
    assert short > 4 * long  # unrelated speech: zeros beyond the ends look near, the more the shorter the clip
    assert short_masked < short / 4
    assert long_masked < 1


def test_masked_means_count_valid_cells_only() -> None:
    cells = np.arange(3 * 31, dtype=np.float32).reshape(3, 31)
    means = masked_lse(cells).means
    assert np.isnan(means[:13]).all()  # three windows: no speech three or more frames away
    assert np.isnan(means[18:]).all()
    np.testing.assert_allclose(means[13:18], [cells[2, 13], cells[1:, 14].mean(), cells[:, 15].mean(), cells[:2, 16].mean(), cells[0, 17]])  # fmt: skip  # noqa: E501


def test_one_window_is_enough() -> None:
    result = masked_lse(distances(_embeddings(1), _embeddings(1)))
    assert (result.lse_c, result.offset) == (0.0, 0)
    assert result.lse_d == pytest.approx(8e-6, rel=1e-3)  # 1e-6 in each of 64 directions


def test_distances_refuse_other_shapes() -> None:
    with pytest.raises(ValueError, match=r"one shape \[n, D\]"):
        distances(_embeddings(4), _embeddings(5))


def test_sums_give_the_mean_over_clips_and_work_on_arrays() -> None:
    one = LseMeasurement(1, 2.0, 8.0, 1.5, 8.5, -3, 3, 0)
    two = LseMeasurement(1, 4.0, 6.0, 3.5, 6.5, 1, 1, 1)
    scores = (one + two + LseMeasurement.zero()).scores()
    assert (scores["lse_c"], scores["lse_d"], scores["av_offset"], scores["av_offset_abs"]) == (3.0, 7.0, -1.0, 2.0)
    assert scores["in_sync"] == 50.0
    assert all(np.isnan(value) for value in LseMeasurement.zero().scores().values())
    weights = np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 0.0]])
    sums: dict[str, Any] = {
        f.name: weights @ [getattr(one, f.name), getattr(two, f.name)] for f in dataclasses.fields(one)
    }
    np.testing.assert_array_equal(LseMeasurement(**sums).scores()["lse_c"], [3.0, 2.0, np.nan])


@dataclass(frozen=True)
class Shifted:
    """An evaluator as a plugin would bring it: it hears perfectly, but finds each clip's speech early by so much."""

    early: int
    name: str = "shifted@0"
    protocol: str = "native.1"
    version: int = 1
    weights: str = ""
    needs: tuple[Feature, ...] = ()
    stored: bool = False

    @property
    def embeddings(self) -> Feature:
        return self

    def unavailable(self) -> str | None:
        return None

    def compute(self, clip: Clip, *needs: Any) -> dict[str, NDArray[np.float32]]:
        spoken = _embeddings(120)
        return {"video": spoken[40:80], "audio": spoken[40 + self.early : 80 + self.early]}


def test_any_evaluator_can_be_plugged_in() -> None:
    clip = Clip(id="a", video=None)
    total = LseMeasurement.zero()
    for early in (-3, -1, 0, 1, 2):
        metric = Lse(Shifted(early))
        assert metric.settings["evaluator"] == "shifted@0"
        total = total + metric.measure(None, ClipFeatures(clip))
    scores = total.scores()
    assert total.clips == 5
    assert scores["in_sync"] == pytest.approx(60)
    assert scores["av_offset"] == pytest.approx(-0.2)
    assert scores["av_offset_abs"] == pytest.approx(1.4)
    curves = Lse(Shifted(4)).curves(None, ClipFeatures(clip))
    assert curves["confidence"].shape == (40,)
    assert curves["offset"][curves["distance"].argmin()] == 4


def test_every_score_is_described() -> None:
    metric = Lse(SyncNetV2())
    assert isinstance(metric, Metric)
    assert [spec.name for spec in metric.scores] == list(LseMeasurement.zero().scores())
    assert metric.settings == {
        "evaluator": "syncnet_v2@961e8696", "protocol": "native.1", "fps": "25", "reach": "15",
    }  # fmt: skip
