"""Speech of espeak-ng: the same wherever it is made, and what is missing said in one line."""

from __future__ import annotations

import multiprocessing
import sys

import numpy as np
import pytest

from syncbench.errors import CommandError, Unavailable
from syncbench.phonetics.espeak import Utterance, speak


def test_speech_repeats_itself_beside_threads_and_in_spawned_processes() -> None:
    import torch  # noqa: F401  its threads are what forking in this process would not survive

    asked = [Utterance("bin blue at F two now", "en-us+f3"), Utterance("thank you", "en-gb-scotland+m2", 140)]
    here = speak(asked)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(speak, (asked[::-1],))[::-1]
    for a, b in zip(here, there, strict=True):
        np.testing.assert_array_equal(a.speech, b.speech)
        assert a.phones == b.phones
        assert a.words == b.words
    assert [w.text for w in here[0].words] == ["bin", "blue", "at", "F", "two", "now"]


def test_a_missing_voice_and_a_missing_package_are_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="no voice 'xx-none'"):
        speak([Utterance("hello", "xx-none")])
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(Unavailable, match="pip install espeakng-loader"):
        speak([Utterance("hello", "en-us")])
