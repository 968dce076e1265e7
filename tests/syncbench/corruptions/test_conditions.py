"""Conditions: names, the grid, seeds, and what is recorded."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from syncbench.corruptions.conditions import CLEAN, Condition, apply, clip_seed, corrupt, grid, parse
from syncbench.errors import ClipError, CommandError

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
        "from test_conditions import EVERY, digest\n"
        "print('\\n'.join(digest(a, v, 3) for a, v in reversed(EVERY)))\n"
    )
    there = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert here == there[::-1]
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
    assert all(np.asarray(v).dtype != object for v in result.record().values())


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


def test_the_grid_is_the_cross_product_and_names_are_read_back() -> None:
    conditions = grid(["clean", "babble@10", "babble@0"], ["clean", "occlusion"])
    assert [c.name for c in conditions] == [
        "",
        "audio=clean,visual=occlusion",
        "audio=babble@10,visual=clean",
        "audio=babble@10,visual=occlusion",
        "audio=babble@0,visual=clean",
        "audio=babble@0,visual=occlusion",
    ]
    assert [parse(c.name) for c in conditions] == list(conditions)
    assert grid([], []) == (CLEAN,)


@pytest.mark.parametrize(
    ("audio", "visual", "words"),
    [
        ("bable@0", "clean", "did you mean babble"),
        ("clean", "oclusion", "did you mean"),
        ("babble", "clean", "needs a number"),
        ("babble@loud", "clean", "needs a number"),
        ("white@nan", "clean", "needs a number"),
        ("clean", "occlusion@3", "takes no value"),
        ("clean", "desync@1.5", "whole number"),
        ("babble0@3", "clean", "1 to 1000"),
        ("reverb@-1", "clean", "needs a number"),
    ],
)
def test_unknown_or_malformed_conditions_are_one_clear_line(audio: str, visual: str, words: str) -> None:
    with pytest.raises(CommandError, match=words) as error:
        grid([audio], [visual])
    assert "\n" not in str(error.value)


def test_the_signature_says_everything_that_must_agree(tmp_path) -> None:
    assert CLEAN.signature() == "clean"
    assert Condition("babble@0", "occlusion").signature() == Condition("babble30@0", "avrelscore.occlusion").signature()
    assert Condition("babble@0").signature() != Condition("babble@5").signature()
    assert Condition("babble6@0").signature() != Condition("babble@0").signature()
    assert Condition("white-gaps@0").signature() != Condition("white@0").signature()
    (tmp_path / "a.wav").write_bytes(b"one")
    before = Condition(f"folder:{tmp_path}@0").signature()
    (tmp_path / "a.wav").write_bytes(b"two")
    assert Condition(f"folder:{tmp_path}@0").signature() != before


def test_silent_speech_fails_under_noise_alone() -> None:
    frames, speech, marks, others = arrays()
    silent = np.zeros_like(speech)
    with pytest.raises(ClipError, match="silent speech"):
        apply(Condition("white@0"), frames, silent, marks, others, 0)
    assert not apply(Condition("clean", "noise"), frames, silent, marks, others, 0).speech.any()


def test_real_clips_are_corrupted_with_the_voices_of_others(shared) -> None:
    from syncbench.contracts import Clip

    folder = shared / "data" / "lrs2-grid" / "mvlrs_v1" / "main" / "s1"
    clips = [Clip(f"s1/{f.stem}", f, speaker="s1") for f in sorted(folder.glob("bbal*.mp4"))[:3]]
    result = corrupt(clips[0], parse("audio=babble2@0,visual=gaussian@0.02"), clips, 1)
    assert result.achieved["snr_db"] == pytest.approx(0, abs=0.1)
    clean = clips[0].speech()
    added = result.speech / float(result.achieved["gain"]) - clean
    assert result.achieved["gaussian_frames"] == 1.0
    assert np.mean(np.square(added, dtype=np.float64)) == pytest.approx(
        np.mean(clean.astype(np.float64) ** 2), rel=0.03
    )
    again = corrupt(clips[0], parse("audio=babble2@0,visual=gaussian@0.02"), clips[::-1], 1)
    assert np.array_equal(again.speech, result.speech)  # whatever the order of the run's clips
    assert not np.array_equal(result.frames, clips[0].frames())
