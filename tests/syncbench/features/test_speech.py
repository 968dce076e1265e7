"""Speech that can be held against lips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench import media
from syncbench.clip import SAMPLE_RATE, SAMPLES_PER_FRAME, Clip, Recording
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.speech import VOICED, check_voice


def test_a_voice_passes(lrs2_grid: Path) -> None:
    for path in sorted(lrs2_grid.rglob("*.mp4"))[:4]:
        speech = media.read_speech(path)
        assert check_voice(speech) is speech
        assert check_voice(speech * np.float32(0.02)).any()


@pytest.mark.parametrize("speech", [np.zeros(48_000), np.zeros(0), np.full(48_000, 1e-4)])
def test_silence_is_refused(speech: np.ndarray) -> None:
    with pytest.raises(ClipError, match="speech is silent"):
        check_voice(speech.astype(np.float32))


def test_what_is_as_loud_all_the_time_is_no_voice() -> None:
    rng = np.random.default_rng(0)
    times = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    for steady in (0.1 * rng.standard_normal(len(times)), 0.3 * np.sin(2 * np.pi * 440 * times)):
        with pytest.raises(ClipError, match="no voice"):
            check_voice(steady.astype(np.float32))


def test_speech_ends_where_sound_or_picture_does(lrs2_grid: Path, tmp_path: Path) -> None:
    path = sorted(lrs2_grid.rglob("*.mp4"))[0]
    frames, speech = media.read_frames(path), media.read_speech(path)
    short = media.write_wav(tmp_path / "short.wav", speech[: 40 * SAMPLES_PER_FRAME + 100])
    clip = Clip("a", video=Recording(path), speech=Recording(short))
    assert len(Features(clip)[VOICED]) == 40 * SAMPLES_PER_FRAME
    cut = media.write_video(tmp_path / "short.mp4", frames[:30], None)
    clip = Clip("a", video=Recording(cut), speech=Recording(path))
    assert len(Features(clip)[VOICED]) == 30 * SAMPLES_PER_FRAME
