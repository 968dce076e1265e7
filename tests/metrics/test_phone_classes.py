"""Sync by phone class: mistakes at closures alone are told as such."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from syncbench import media, registry
from syncbench.clip import Clip, Frames, Waveform, Word
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.metrics.phone_classes import CLASSES, PhoneClasses, frame_classes

from ..faces import face_clip, filmed, unseen

WORDS = (Word("BOB", 0.2, 0.6), Word("MA", 0.6, 1.0))


def _talk(lrs2_grid: Path, frames: int) -> tuple[Frames, Waveform]:
    path = min(lrs2_grid.rglob("*.mp4"))
    return media.read_frames(path)[20 : 20 + frames], media.read_speech(path)[20 * 640 : (20 + frames) * 640]


def test_frames_are_sorted_by_the_phone_in_their_middle() -> None:
    classes = frame_classes(Clip("s/1", None, words=WORDS), 30)
    assert classes[5] == "bilabial"
    assert "bilabial" in classes[15:18]
    assert classes[0] == "silence"
    assert classes[29] == ""


def test_a_mouth_wrong_at_closures_alone(lrs2_grid: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    points = np.tile(rng.uniform(40, 120, (1, 68, 2)), (30, 1, 1)).astype(np.float32)
    frames, speech = _talk(lrs2_grid, 30)

    def features(name: str, points: NDArray[np.float32]) -> Features:
        return Features(face_clip(tmp_path, name, points, frames, speech, WORDS))

    real = features("real", points)
    closures = np.array(frame_classes(real.clip, 30)) == "bilabial"
    wrong = points.copy()
    wrong[closures, 48:58] += 5
    made = features("made", wrong)
    metric = PhoneClasses(landmarks="precomputed")
    scores = metric.measure(real, made).measurement.scores()
    eyes = float(np.linalg.norm(points[0, 45] - points[0, 36]))
    moved = 5 * np.sqrt(2) * 10 / 20  # ten of twenty points, by five pixels down and across
    assert scores["mouth_lmd_bilabial"] == pytest.approx(100 * moved / eyes, rel=0.02)
    assert scores["mouth_lmd_open"] == pytest.approx(0, abs=1e-6)
    assert np.isnan(scores["mouth_lmd_labiodental"])
    assert {spec.name for spec in PhoneClasses.scores} == scores.keys()
    assert {name.removeprefix("mouth_lmd_") for name in scores if name.startswith("mouth_lmd_")} == set(CLASSES)
    alone = metric.measure(unseen(real.clip), made).measurement.scores()
    assert "mouth_lmd_bilabial" not in alone
    assert alone["sync_distance_bilabial"] == pytest.approx(scores["sync_distance_bilabial"])


def test_speech_moved_by_half_a_second_is_farther_from_the_lips(lrs2_grid: Path) -> None:
    listed = registry.dataset("lrs2").clips(lrs2_grid, "test", 4)
    clips = [clip for clip in listed if isinstance(clip, Clip)]
    metric = PhoneClasses(landmarks="precomputed")
    right, late = metric.measurement.zero(), metric.measurement.zero()
    for clip in clips:
        assert clip.speech is not None
        delayed = replace(clip, speech=replace(clip.speech, start=clip.speech.start + 0.5))
        right += metric.measure(unseen(clip), Features(clip)).measurement
        late += metric.measure(unseen(clip), Features(delayed)).measurement
    assert right.scores()["sync_distance_bilabial"] < late.scores()["sync_distance_bilabial"]
    assert right.sums()["sync_distance_bilabial/count"] > 5
    assert (right + right).scores()["sync_distance_open"] == pytest.approx(right.scores()["sync_distance_open"])


def test_clips_without_such_phones_are_refused(lrs2_grid: Path, tmp_path: Path) -> None:
    points = np.zeros((10, 68, 2), np.float32)
    clip = face_clip(tmp_path, "x", points, *_talk(lrs2_grid, 10), (Word("SEE", 0.0, 0.3),))
    with pytest.raises(ClipError, match="no bilabial"):
        PhoneClasses(landmarks="precomputed").measure(unseen(clip), Features(clip))


def test_where_the_landmarks_do_not_follow_the_real_mouth_sync_alone_is_told(lrs2_grid: Path, tmp_path: Path) -> None:
    (clip,) = registry.dataset("lrs2").clips(lrs2_grid, "test", 1)
    assert isinstance(clip, Clip)
    frames = media.clip_frames(clip)
    frozen = filmed(tmp_path / "frozen.mkv", np.repeat(frames[:1], len(frames), axis=0))
    found = PhoneClasses().measure(Features(replace(clip, video=frozen.video, extras={})), Features(clip))
    assert set(found.withheld) == {f"mouth_lmd_{name}" for name in CLASSES}
    assert set(found.measurement.scores()) == {f"sync_distance_{name}" for name in CLASSES}
