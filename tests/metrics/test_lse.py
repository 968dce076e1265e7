"""LSE on made-up embeddings whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.signal import medfilt

from syncbench import registry
from syncbench.clip import Clip
from syncbench.errors import ClipError
from syncbench.feature import Feature, Features
from syncbench.features.evaluators import SyncEvaluator
from syncbench.measurement import Measurement
from syncbench.metric import Measured
from syncbench.metrics.lse import Lse, distances, lse, masked_lse
from syncbench.statistics.resampling import resampled


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


def _evaluator(video: NDArray[np.float32], audio: NDArray[np.float32]) -> SyncEvaluator:
    """Return an evaluator as a plugin would bring it, which embeds every clip so."""
    return SyncEvaluator("plugin@0", "native.1", Feature("embedded", lambda: {"video": video, "audio": audio}))


def _measured(video: NDArray[np.float32], audio: NDArray[np.float32]) -> Measured:
    features = Features(Clip("a"))
    return Lse(_evaluator(video, audio)).measure(features, features)


def _shifted(early: int, noise: float = 0.0) -> Measurement:
    """Measure a clip whose speech is early by so many frames."""
    spoken = _embeddings(120)
    heard = spoken[40 + early : 80 + early] + noise * _embeddings(40, seed=1)
    return _measured(spoken[40:80], heard.astype(np.float32)).measurement


def test_sums_give_the_mean_over_clips_and_work_on_arrays() -> None:
    one, two = _shifted(-3, noise=0.1), _shifted(1, noise=0.3)
    first, second, scores = one.scores(), two.scores(), (one + two + Lse.measurement.zero()).scores()
    for name in ("lse_c", "lse_d", "lse_c_masked", "lse_d_masked"):
        assert first[name] != second[name]
        assert scores[name] == pytest.approx((first[name] + second[name]) / 2)
    assert (scores["av_offset"], scores["av_offset_abs"], scores["in_sync"]) == (-1.0, 2.0, 50.0)
    drawn = resampled([one, two], np.array([[1, 1], [2, 0], [0, 0]]))["lse_c"]
    np.testing.assert_allclose(drawn, [scores["lse_c"], first["lse_c"], np.nan])


def test_any_evaluator_can_be_plugged_in() -> None:
    total = sum(map(_shifted, (-3, -1, 0, 1, 2)), Lse.measurement.zero())
    scores = total.scores()
    assert total.sums()["lse_c/count"] == 5
    assert scores["in_sync"] == pytest.approx(60)
    assert scores["av_offset"] == pytest.approx(-0.2)
    assert scores["av_offset_abs"] == pytest.approx(1.4)
    spoken = _embeddings(120)
    found = _measured(spoken[40:80], spoken[44:84])
    assert found.curves["confidence"].shape == (40,)
    assert found.curves["offset"][found.curves["distance"].argmin()] == 4
    assert found.measurement.measured == 44, "a window sees five frames"


def test_absolute_offset_and_sync_are_of_the_masked_mean() -> None:
    # Sixteen windows, heard one frame early through much noise: at a shift of fifteen frames all but one window are
    # compared with the zeros beyond the ends, which lie nearer than the true speech.
    spoken = _embeddings(40)
    heard = (spoken[11:27] + 1.3 * _embeddings(16, seed=1)).astype(np.float32)
    cells = distances(spoken[10:26], heard)
    assert abs(lse(cells).offset) == 15
    assert masked_lse(cells).offset == 1
    scores = _measured(spoken[10:26], heard).measurement.scores()
    assert scores["av_offset"] == lse(cells).offset
    assert (scores["av_offset_abs"], scores["in_sync"]) == (1.0, 100.0)
    assert (scores["lse_d"], scores["lse_d_masked"]) == (lse(cells).lse_d, masked_lse(cells).lse_d)
    assert (scores["lse_c"], scores["lse_c_masked"]) == (lse(cells).lse_c, masked_lse(cells).lse_c)


def test_a_clip_without_a_window_is_refused() -> None:
    with pytest.raises(ClipError, match="too short for LSE"):
        _measured(_embeddings(0), _embeddings(0))


def test_every_score_is_described() -> None:
    metric = Lse(registry.load("evaluator", "syncnet_v2")())
    assert [spec.name for spec in metric.scores] == list(_shifted(0).scores())
    assert metric.settings == {
        "evaluator": "syncnet_v2@961e8696", "protocol": "native.2", "fps": "25", "reach": "15",
        "limits": "windows:16,voice:-60dB+3dB",
    }  # fmt: skip
    assert Lse(_evaluator(_embeddings(9), _embeddings(9))).settings["evaluator"] == "plugin@0"
