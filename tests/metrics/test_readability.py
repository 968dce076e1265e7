"""Readability: what the lip reader makes of an answer, beside what it makes of the real video."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from syncbench import media, registry
from syncbench.clip import Clip, Recording
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.measurement import Ratios
from syncbench.metrics.readability import MAX_REAL_WER, Readability

from ..faces import unseen


@pytest.fixture(scope="module")
def clip(lrs2_grid: Path) -> Clip:
    (found,) = registry.dataset("lrs2").clips(lrs2_grid, "test", 1)
    assert isinstance(found, Clip)
    return found


@pytest.fixture(scope="module")
def frozen(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """The same clip, whose face does not move."""
    frames = media.clip_frames(clip)
    path = tmp_path_factory.mktemp("frozen") / "frozen.mp4"
    media.write_video(path, np.repeat(frames[:1], len(frames), axis=0))
    return dataclasses.replace(clip, video=Recording(path), extras={})


def measured(real: Clip, made: Clip) -> Ratios:
    found = Readability().measure(Features(real), Features(made)).measurement
    assert isinstance(found, Ratios)
    return found


def test_the_real_video_is_as_readable_as_itself(clip: Clip) -> None:
    found = measured(clip, clip)
    scores = found.scores()
    assert scores["relative_readability"] == 100
    assert scores["lip_wer"] == scores["lip_wer_real"]
    assert scores["lip_accuracy"] == scores["lip_accuracy_real"]
    assert found.pairs["lip_wer"][1] == found.pairs["lip_wer_real"][1] == 6
    assert found.pairs["relative_readability"][1] >= 3, "words read right from the real video"
    assert [spec.name for spec in Readability().scores] == list(scores)


def test_a_frozen_face_cannot_be_read(clip: Clip, frozen: Clip) -> None:
    scores = measured(clip, frozen).scores()
    assert scores["lip_accuracy"] < scores["lip_accuracy_real"]
    assert scores["relative_readability"] < 50


def test_no_words_no_readability(clip: Clip) -> None:
    silent, blank = (dataclasses.replace(clip, transcript=text) for text in (None, " . "))
    with pytest.raises(ClipError, match="no transcript"):
        measured(silent, silent)
    with pytest.raises(ClipError, match="no words"):
        measured(blank, blank)
    assert "no transcript" in (Readability().unsuited(silent) or "")
    assert Readability().unsuited(clip) is None


def test_without_a_real_video_nothing_is_relative(clip: Clip) -> None:
    found = Readability().measure(unseen(clip), Features(clip))
    scores = found.measurement.scores()
    assert set(scores) == {"lip_wer", "lip_accuracy"}
    assert not found.withheld
    assert scores["lip_wer"] >= 0


def test_words_of_the_answers_own_speech_are_read_where_it_has_some(clip: Clip) -> None:
    other = dataclasses.replace(clip, transcript="SET RED WITH Q ZERO AGAIN")
    found = measured(clip, other)
    assert found.pairs["lip_wer"] == (600, 6), "no word of it was read"
    assert found.pairs["lip_wer_real"] == measured(clip, clip).pairs["lip_wer_real"], "the real lips say what they said"
    untold = dataclasses.replace(clip, transcript=None)
    assert measured(clip, untold) == measured(clip, clip)


def test_where_the_reader_does_not_hold_the_answer_is_not_judged(clip: Clip, frozen: Clip) -> None:
    found = Readability().measure(Features(frozen), Features(clip))
    assert set(found.withheld) == {"lip_wer", "lip_accuracy", "relative_readability"}
    (reason,) = set(found.withheld.values())
    skill = found.measurement.scores()
    assert set(skill) == {"lip_wer_real", "lip_accuracy_real"}, "the reader's own skill counts every clip"
    assert skill["lip_wer_real"] > MAX_REAL_WER
    assert (
        reason == f"the lip reader gets {skill['lip_wer_real']:.0f} % of the words wrong on the real video, over 25 %"
    )
    again = Readability().measure(Features(frozen), Features(frozen))
    assert again.withheld == found.withheld, "whatever the answer is"
    assert not Readability().measure(Features(clip), Features(frozen)).withheld
    assert Readability().settings["withheld"] == "real-wer>25%"


def test_corpus_rates_are_ratios_of_sums(clip: Clip, frozen: Clip) -> None:
    good, bad = measured(clip, clip), measured(clip, frozen)
    alone = Readability().measure(unseen(clip), Features(clip)).measurement
    assert isinstance(alone, Ratios)
    scores, one, two = (good + bad + alone).scores(), good.scores(), bad.scores()
    assert scores["lip_wer"] == pytest.approx((2 * one["lip_wer"] + two["lip_wer"]) / 3)
    assert scores["lip_wer_real"] == pytest.approx(one["lip_wer_real"])
    assert scores["relative_readability"] == pytest.approx((100 + two["relative_readability"]) / 2), (
        "words of a clip without a real video are in neither sum"
    )


def test_settings_name_the_reader() -> None:
    settings = Readability().settings
    assert settings["reader"].startswith("lipreader@")
    assert settings["vocabulary"] == "grid-51"


def test_words_the_reader_does_not_know_are_said(clip: Clip) -> None:
    open_speech = dataclasses.replace(clip, transcript="BIN THE WEDDING")
    with pytest.raises(ClipError, match="does not know 'THE'"):
        measured(open_speech, open_speech)


def test_known_words_in_another_order_are_said(clip: Clip) -> None:
    for said in ("BLUE BIN AT F TWO NOW", "BIN BLUE AT F TWO"):
        with pytest.raises(ClipError, match=f"'{said}' is no sentence of the 6 words"):
            measured(clip, dataclasses.replace(clip, transcript=said))
