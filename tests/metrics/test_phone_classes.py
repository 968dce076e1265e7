"""Sync by phone class: mistakes at closures alone are told as such."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from syncbench.contracts import Clip, Word
from syncbench.datasets.lrs2 import LRS2
from syncbench.errors import ClipError
from syncbench.features.core import ClipFeatures
from syncbench.media import write_lossless
from syncbench.metrics.phone_classes import CLASSES, PhoneClasses, PhoneClassesMeasurement, frame_classes

WORDS = (Word("BOB", 0.2, 0.6), Word("MA", 0.6, 1.0))


def _clip(folder: Path, name: str, points: NDArray[np.float32], speech: NDArray[np.float32]) -> Clip:
    video, landmarks = folder / f"{name}.mkv", folder / f"{name}.npz"
    rng = np.random.default_rng(0)
    write_lossless(video, rng.integers(0, 256, (len(points), 160, 160, 3), dtype=np.uint8), speech)
    np.savez(landmarks, allow_pickle=False, **{name: points})
    return Clip(id=name, video=video, words=WORDS, extras={"landmarks": landmarks})


def test_frames_are_sorted_by_the_phone_in_their_middle() -> None:
    classes = frame_classes(Clip("s/1", None, words=WORDS), 30)
    assert classes[5] == "bilabial"
    assert "bilabial" in classes[15:18]
    assert classes[0] == "silence"
    assert classes[29] == ""


def test_a_mouth_wrong_at_closures_alone(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    points = np.tile(rng.uniform(40, 120, (1, 68, 2)), (30, 1, 1)).astype(np.float32)
    speech = rng.normal(0, 0.1, 30 * 640).astype(np.float32)
    real = ClipFeatures(_clip(tmp_path, "real", points, speech))
    closures = np.array(frame_classes(real.clip, 30)) == "bilabial"
    wrong = points.copy()
    wrong[closures, 48:58] += 5
    made = ClipFeatures(_clip(tmp_path, "made", wrong, speech))
    metric = PhoneClasses(landmarks="precomputed")
    scores = metric.measure(real, made).scores()
    assert scores["mouth_lmd_bilabial"] > 1
    assert scores["mouth_lmd_open"] == pytest.approx(0, abs=1e-6)
    assert np.isnan(scores["mouth_lmd_labiodental"])
    alone = metric.measure(None, made).scores()
    assert np.isnan(alone["mouth_lmd_bilabial"])
    assert alone["sync_distance_bilabial"] == pytest.approx(scores["sync_distance_bilabial"])


def test_every_class_has_its_scores_and_sums_add() -> None:
    assert {spec.name for spec in PhoneClasses.scores} == PhoneClassesMeasurement().scores().keys()
    assert all(f"mouth_lmd_{name}" in PhoneClassesMeasurement().scores() for name in CLASSES)
    one = PhoneClassesMeasurement(open_frames=2, open_lmd=0.5)
    assert (one + one).scores()["mouth_lmd_open"] == pytest.approx(25.0)


def test_speech_moved_by_half_a_second_is_farther_from_the_lips(shared: Path) -> None:
    clips = [c for c in LRS2.clips(shared / "data" / "lrs2-grid", "test", 4) if isinstance(c, Clip)]
    metric = PhoneClasses(landmarks="precomputed")
    right, late = PhoneClassesMeasurement.zero(), PhoneClassesMeasurement.zero()
    for clip in clips:
        right += metric.measure(None, ClipFeatures(clip))
        late += metric.measure(None, ClipFeatures(replace(clip, audio=clip.video, audio_start=0.5)))
    assert right.scores()["sync_distance_bilabial"] < late.scores()["sync_distance_bilabial"]
    assert right.bilabial_windows > 5


def test_clips_without_such_phones_are_refused(tmp_path: Path) -> None:
    points = np.zeros((10, 68, 2), np.float32)
    clip = replace(_clip(tmp_path, "x", points, np.zeros(6400, np.float32)), words=(Word("SEE", 0.0, 0.3),))
    with pytest.raises(ClipError, match="no bilabial"):
        PhoneClasses(landmarks="precomputed").measure(None, ClipFeatures(clip))
