"""Conditions applied to clips: seeds, bytes, and what is recorded."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from syncbench import registry
from syncbench.clip import Clip, Recording
from syncbench.corruptions.apply import POOL, apply, clip_seed, corrupt, pool_key, voice_pool
from syncbench.corruptions.conditions import Condition, parse
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.frames import FRAMES
from syncbench.features.speech import SPEECH
from syncbench.media import write_lossless

T = 50


def arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
    """Return frames, speech, landmarks and four other voices."""
    rng = np.random.default_rng(7)
    frames = rng.integers(0, 256, (T, 48, 48, 3)).astype(np.uint8)
    voices = [(0.1 * rng.standard_normal(T * 640)).astype(np.float32) for _ in range(5)]
    marks = rng.uniform(10, 38, (T, 68, 2)).astype(np.float32)
    return frames, voices[0], marks, voices[1:]


EVERY = [
    ("clean", "clean"),
    ("white@0", "occlusion"),
    ("babble3@-5", "noise"),
    ("pink-gaps@5", "both"),
    ("speech-shaped@10+band@3000", "gaussian@0.05+blur@1"),
    ("clip@0.2", "lowres-spans@4"),
    ("loss@0.1", "freeze@0.5"),
    ("noise-hard", "drop@0.3"),
    ("lrs-voxmm-style.noise-easy", "desync@-2"),
    ("babble@20", "dark-spans@0.2"),
]


def digest(audio: str, visual: str, seed: int) -> str:
    frames, speech, marks, others = arrays()
    result = apply(Condition(audio, visual), frames, speech, marks, others, clip_seed(seed, "s1/a"))
    return hashlib.sha256(result.frames.tobytes() + result.speech.tobytes()).hexdigest()


def test_equal_seeds_give_equal_bytes_in_another_process() -> None:
    here = [digest(a, v, 3) for a, v in EVERY]
    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_apply import EVERY, digest\n"
        "print('\\n'.join(digest(a, v, 3) for a, v in reversed(EVERY)))\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", script], check=True, capture_output=True, text=True)
    assert here == done.stdout.split()[::-1]
    assert len(set(here)) == len(here)
    assert [digest(a, v, 4) for a, v in EVERY[1:4]] != here[1:4]


@pytest.mark.parametrize(("audio", "visual"), EVERY)
def test_shapes_stay_and_what_was_done_is_recorded(audio: str, visual: str) -> None:
    frames, speech, marks, others = arrays()
    given = frames.copy(), speech.copy()
    result = apply(Condition(audio, visual), frames, speech, marks, others, 5)
    assert (result.frames.shape, result.frames.dtype) == (frames.shape, np.uint8)
    assert (result.speech.shape, result.speech.dtype) == (speech.shape, np.float32)
    assert np.array_equal(given[0], frames)
    assert np.array_equal(given[1], speech)
    assert result.span("audio").any() == (audio != "clean")
    assert result.span("video").any() == (visual != "clean")
    untouched = ~result.span("video")
    assert np.array_equal(result.frames[untouched], frames[untouched])
    assert all(np.asarray(value).dtype != object for value in result.achieved.values())
    assert {level.shape for level in result.levels.values()} <= {(T,)}
    assert bool(result.levels) == ((audio, visual) != ("clean", "clean"))


@pytest.mark.parametrize("snr", [-10, -5, 0, 5, 10, 15, 20])
def test_the_recorded_ratio_is_the_asked_one(snr: int) -> None:
    frames, speech, _, others = arrays()
    for noise in ("white", "pink", "speech-shaped", "babble", "babble4-gaps"):
        result = apply(Condition(f"{noise}@{snr}"), frames, speech, None, others, 1)
        assert result.achieved["snr_db"] == pytest.approx(snr, abs=0.1)


def test_one_streams_draws_do_not_depend_on_the_other_stream() -> None:
    frames, speech, marks, others = arrays()
    alone = apply(Condition("babble@0", "clean"), frames, speech, marks, others, 1)
    both = apply(Condition("babble@0", "both"), frames, speech, marks, others, 1)
    assert np.array_equal(alone.speech, both.speech)
    short = apply(Condition("clean", "both"), frames, speech, marks, others, 1)
    assert np.array_equal(short.frames, both.frames)
    full = apply(Condition("clean", "avrelscore.both"), frames, speech, marks, others, 1)
    assert np.array_equal(short.frames, full.frames)


def test_silent_speech_fails_under_noise_alone() -> None:
    frames, speech, marks, others = arrays()
    silent = np.zeros_like(speech)
    with pytest.raises(ClipError, match="silent speech"):
        apply(Condition("white@0"), frames, silent, marks, others, 0)
    assert not apply(Condition("clean", "noise"), frames, silent, marks, others, 0).speech.any()


@pytest.fixture(scope="module")
def real(lrs2_grid: Path) -> list[Clip]:
    """Three sentences of one speaker."""
    folder = lrs2_grid / "mvlrs_v1" / "main" / "s1"
    files = [Recording(file) for file in sorted(folder.glob("bbal*.mp4"))[:3]]
    return [Clip(f"s1/{file.path.stem}", file, file, speaker="s1") for file in files]


def test_real_clips_are_corrupted_with_the_voices_of_others(real: list[Clip]) -> None:
    features, condition = Features(real[0]), parse("audio=babble2@0,visual=gaussian@0.02")
    result = corrupt(features, condition, voice_pool(real), 1)
    assert result.achieved["snr_db"] == pytest.approx(0, abs=0.1)
    assert result.achieved["babble_voices"] == 2
    clean = features[SPEECH]
    added = result.speech / float(result.achieved["gain"]) - clean
    assert result.achieved["gaussian_frames"] == 1.0
    assert np.mean(np.square(added, dtype=np.float64)) == pytest.approx(
        np.mean(clean.astype(np.float64) ** 2), rel=0.03
    )
    assert not np.array_equal(result.frames, features[FRAMES])


def test_voices_do_not_depend_on_the_order_of_the_splits_clips(real: list[Clip]) -> None:
    features, condition = Features(real[0]), Condition("babble1@0")
    pools = voice_pool(real), voice_pool(real[::-1]), real, real[::-1]
    assert len({corrupt(features, condition, pool, 1).speech.tobytes() for pool in pools}) == 1


def test_babble_is_of_other_talkers_where_there_are_any(real: list[Clip], tmp_path: Path) -> None:
    tone = (0.1 * np.sin(2 * np.pi * 440 * np.arange(75 * 640) / 16_000)).astype(np.float32)
    path = write_lossless(tmp_path / "tone.mkv", np.zeros((75, 16, 16, 3), np.uint8), tone)
    stranger = Clip("s2/tone", Recording(path), Recording(path), speaker="s2")
    features, condition = Features(real[0]), Condition("babble1@0")
    result = corrupt(features, condition, voice_pool([*real, stranger]), 1)
    added = result.speech / float(result.achieved["gain"]) - features[SPEECH]
    assert np.argmax(np.abs(np.fft.rfft(added))) == 440 * len(added) / 16_000, "the stranger's tone and no other voice"


def test_the_pool_is_a_fixed_draw_of_the_clips_that_speak(real: list[Clip]) -> None:
    many = [replace(real[0], id=f"s1/{number}") for number in range(3 * POOL)]
    pool = voice_pool(many)
    assert len(pool) == POOL
    assert voice_pool(many[::-1]) == pool
    drawn, fewer = ({clip.id for clip in clips} for clips in (pool, voice_pool(many[: 2 * POOL])))
    kept = {clip.id for clip in many[: 2 * POOL]} & drawn
    assert 0 < len(kept) < POOL
    assert kept <= fewer, "a clip is drawn whoever else is there"
    assert voice_pool([replace(clip, speech=None) for clip in many]) == ()


def test_signatures_tell_pools_by_their_voices(real: list[Clip]) -> None:
    keys = {pool_key(real), pool_key(real[:2]), pool_key([replace(real[0], speech=real[1].speech), *real[1:]])}
    assert len(keys) == 3
    assert pool_key(real).startswith("3@")
    assert pool_key([replace(clip, transcript="unheard") for clip in real]) == pool_key(real)


def test_occluders_follow_the_clips_own_landmarks_or_those_that_are_found(real: list[Clip], lrs2_grid: Path) -> None:
    clip = replace(real[0], extras={"landmarks": lrs2_grid / "landmarks68.npz"})
    condition = Condition("clean", "occlusion")
    assert condition.needs("landmarks")
    own, found = (corrupt(Features(c), condition, (), 1) for c in (clip, real[0]))
    marks = Features(clip)[registry.landmarks("precomputed").feature]
    by_hand = apply(condition, Features(clip)[FRAMES], Features(clip)[SPEECH], marks, (), clip_seed(1, clip.id))
    assert np.array_equal(own.frames, by_hand.frames)
    assert np.array_equal(own.span("video"), found.span("video"))
    assert float(found.achieved["occluded_mouth"]) == pytest.approx(float(own.achieved["occluded_mouth"]), abs=0.1)
