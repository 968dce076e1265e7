"""Readability: what the lip reader makes of an answer, beside what it makes of the real video."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from syncbench import media, registry
from syncbench.contracts import Clip
from syncbench.errors import ClipError
from syncbench.features.core import ClipFeatures
from syncbench.metrics.readability import Readability, ReadabilityMeasurement


@pytest.fixture(scope="module")
def clip(shared: Path) -> Clip:
    (found,) = registry.dataset("lrs2").clips(shared / "data" / "lrs2-grid", "test", 1)
    assert isinstance(found, Clip)
    return found


def test_the_real_video_is_as_readable_as_itself(clip: Clip) -> None:
    features = ClipFeatures(clip)
    measured = Readability().measure(features, features)
    scores = measured.scores()
    assert scores["relative_readability"] == 100
    assert scores["lip_wer"] == scores["lip_wer_real"]
    assert measured.words == measured.real_words == 6
    assert measured.hits >= 3


def test_a_frozen_face_cannot_be_read(clip: Clip, tmp_path: Path) -> None:
    frames = clip.frames()
    media.write_video(tmp_path / "frozen.mp4", np.repeat(frames[:1], len(frames), axis=0))
    frozen = dataclasses.replace(clip, video=tmp_path / "frozen.mp4", extras={})
    measured = Readability().measure(ClipFeatures(clip), ClipFeatures(frozen))
    assert measured.hits < measured.real_hits
    assert measured.scores()["relative_readability"] < 50


def test_no_words_no_readability(clip: Clip) -> None:
    silent = ClipFeatures(dataclasses.replace(clip, transcript=None))
    with pytest.raises(ClipError, match="no transcript"):
        Readability().measure(None, silent)
    with pytest.raises(ClipError, match="no words"):
        Readability().measure(None, ClipFeatures(dataclasses.replace(clip, transcript=" . ")))


def test_without_a_real_video_nothing_is_relative(clip: Clip) -> None:
    scores = Readability().measure(None, ClipFeatures(clip)).scores()
    assert np.isnan(scores["relative_readability"])
    assert np.isnan(scores["lip_wer_real"])
    assert scores["lip_wer"] >= 0


def test_corpus_rates_are_ratios_of_sums() -> None:
    one = ReadabilityMeasurement(words=6, errors=3, hits=3, real_words=6, real_errors=0, real_hits=6, paired_hits=3)
    two = ReadabilityMeasurement(words=2, errors=0, hits=2, real_words=2, real_errors=1, real_hits=1, paired_hits=2)
    scores = (one + two).scores()
    assert scores["lip_wer"] == pytest.approx(100 * 3 / 8)
    assert scores["lip_wer_real"] == pytest.approx(100 * 1 / 8)
    assert scores["relative_readability"] == pytest.approx(100 * 5 / 7)
    assert np.isnan(ReadabilityMeasurement.zero().scores()["lip_wer"])


def test_settings_name_the_reader() -> None:
    settings = Readability().settings
    assert settings["reader"].startswith("lipreader@")
    assert settings["vocabulary"] == "grid-51"


def test_words_the_reader_does_not_know_are_said(clip: Clip) -> None:
    open_speech = ClipFeatures(dataclasses.replace(clip, transcript="BIN THE WEDDING"))
    with pytest.raises(ClipError, match="does not know 'THE'"):
        Readability().measure(None, open_speech)
