"""LMD on made-up faces, and on real landmarks through the precomputed provider."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from syncbench import media, registry
from syncbench.clip import Clip, Recording
from syncbench.errors import ClipError, CommandError
from syncbench.feature import Features
from syncbench.features.landmarks import interocular
from syncbench.metrics.landmark_distance import LandmarkDistance, landmark_distance
from syncbench.runs.work import measured

from ..faces import face_clip, filmed


def _face(frames: int = 4) -> NDArray[np.float32]:
    points = np.random.default_rng(0).uniform(20, 140, (frames, 68, 2)).astype(np.float32)
    points[:, 36], points[:, 45] = (50, 60), (110, 60)  # outer eye corners, 60 pixels apart
    return points


def test_moving_the_whole_face_costs_nothing() -> None:
    face = _face()
    np.testing.assert_allclose(landmark_distance(face, face + np.float32(7)), 0, atol=1e-4)
    np.testing.assert_allclose(interocular(face), 60)


def test_one_point_moved_by_a_known_amount() -> None:
    face = _face()
    made = face.copy()
    made[1, 50, 1] += 6.8  # 6.8 px down: the mean moves by 0.1, this point by 6.7, each of the 67 others by 0.1
    expected = np.array([0, (6.7 + 67 * 0.1) / 68, 0, 0])
    np.testing.assert_allclose(landmark_distance(face, made), expected, atol=1e-5)


def test_missing_faces_are_nan() -> None:
    face = _face()
    made = face.copy()
    made[2] = np.nan
    assert list(np.isnan(landmark_distance(face, made))) == [False, False, True, False]


def _features(folder: Path, name: str, points: NDArray[np.generic], size: int = 160) -> Features:
    return Features(face_clip(folder, name, points, np.zeros((len(points), size, size, 3), np.uint8)))


def test_metric_skips_and_counts_frames_without_a_face(tmp_path: Path) -> None:
    face = _face()
    made = face.copy()
    made[0, 48:68, 1] += 3  # the whole mouth 3 px down: mouth LMD does not see it, LMD does
    made[1, 48:58, 0] += 4  # half of it 4 px aside: each of the 20 points is 2 px from its place in the mouth
    made[3] = np.nan
    metric = LandmarkDistance("precomputed")
    assert metric.settings["landmarks"] == "precomputed"
    found = metric.measure(_features(tmp_path, "real", face), _features(tmp_path, "made", made))
    assert found.measurement.measured == 3
    assert np.isnan(found.curves["mouth_lmd"]).tolist() == [False, False, False, True]
    scores = found.measurement.scores()
    assert scores["mouth_lmd"] == pytest.approx(2 / 3, rel=1e-5)
    assert scores["mouth_lmd_eye"] == pytest.approx(100 * 2 / 60 / 3, rel=1e-5)
    assert scores["lmd"] == pytest.approx(landmark_distance(face, made)[:3].mean())
    assert scores["face_missing"] == 25.0
    assert [spec.name for spec in metric.scores] == list(scores)


def test_frames_whose_eyes_are_in_one_place_are_no_faces(tmp_path: Path) -> None:
    face = _face()
    real = face.copy()
    real[2, 45] = real[2, 36]
    made = face + np.linspace(0, 3, 4 * 68 * 2, dtype=np.float32).reshape(face.shape)
    found = LandmarkDistance("precomputed").measure(
        _features(tmp_path, "real", real), _features(tmp_path, "made", made)
    )
    assert found.measurement.measured == 3
    scores = found.measurement.scores()
    assert scores["face_missing"] == 25.0
    whole = [0, 1, 3]
    assert scores["lmd"] == pytest.approx(landmark_distance(face, made)[whole].mean())
    assert scores["lmd_eye"] == pytest.approx(100 * scores["lmd"] / 60)
    real[:, 45] = real[:, 36]
    with pytest.raises(ClipError, match="no frame shows a face"):
        LandmarkDistance("precomputed").measure(_features(tmp_path, "flat", real), _features(tmp_path, "made", made))


def test_no_face_at_all_and_other_sizes_are_failures(tmp_path: Path) -> None:
    face = _face()
    real, metric = _features(tmp_path, "real", face), LandmarkDistance("precomputed")
    with pytest.raises(ClipError, match="no frame shows a face in both videos"):
        metric.measure(real, _features(tmp_path, "none", np.full_like(face, np.nan)))
    with pytest.raises(ClipError, match="the answer is 96 x 96 pixels, the real video 160 x 160"):
        metric.measure(real, _features(tmp_path, "small", face, size=96))
    bare = Features(dataclasses.replace(real.clip, extras={}))
    with pytest.raises(ClipError, match="there is no landmark file for this video"):
        metric.measure(real, bare)
    with pytest.raises(CommandError, match="unknown landmark provider 'precomputd': did you mean precomputed"):
        LandmarkDistance("precomputd")


def test_real_clips_against_each_other(lrs2_grid: Path) -> None:
    folder = lrs2_grid
    one, two = (
        Features(
            Clip(
                f"s1/{name}",
                Recording(folder / "mvlrs_v1" / "main" / "s1" / f"{name}.mp4"),
                extras={"landmarks": folder / "landmarks68.npz"},
            )
        )
        for name in ("bbal6n", "bbal7s")
    )
    metric = LandmarkDistance("precomputed")
    assert metric.measure(one, one).measurement.scores()["lmd"] == 0
    scores = metric.measure(one, two).measurement.scores()
    assert 0.5 < scores["lmd"] < 10  # the same man saying two sentences that begin alike, 160 px
    assert scores["lmd_eye"] == pytest.approx(100 * scores["lmd"] / 53, rel=0.1)


@pytest.mark.parametrize("family", ["landmark_distance", "mouth_motion"])
def test_where_the_landmarks_do_not_follow_the_real_mouth_the_answer_is_not_judged(
    family: str, lrs2_grid: Path, tmp_path: Path
) -> None:
    video = Recording(lrs2_grid / "mvlrs_v1" / "main" / "s1" / "bbal6n.mp4")
    real = Clip("s1/bbal6n", video, face="frame")
    frames = media.clip_frames(real)
    still = np.repeat(frames[:1], len(frames), axis=0)
    noise = np.random.default_rng(0).normal(0, 100, frames.shape)
    frozen, noisy = (
        filmed(tmp_path / f"{name}.mkv", shown)
        for name, shown in (("frozen", still), ("noisy", np.clip(still + noise, 0, 255).astype(np.uint8)))
    )
    metric = registry.metric(family)
    talker, froze, noised = Features(real), Features(frozen), Features(noisy)
    assert not measured(metric, talker, talker, froze).withheld, "an answer that does not move is judged"
    asked = {spec.name for spec in metric.scores} - {"face_missing"}
    for other, why in ((froze, "they do not move"), (noised, "do not follow the mouth of the real video")):
        found = measured(metric, other, other, talker)
        assert set(found.withheld) == asked
        assert all(why in reason for reason in found.withheld.values())
        assert set(found.measurement.scores()) <= {"face_missing"}
    assert metric.settings["withheld"].startswith("consistency<0.8")
