"""WER and CER against jiwer, and the cases where conventions differ."""

from __future__ import annotations

import dataclasses

import jiwer
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncbench.clip import Clip
from syncbench.errors import ClipError, CommandError
from syncbench.feature import Features
from syncbench.metrics.word_error import NORMALISERS, WordError, WordErrorMeasurement, count_errors, normaliser

SENTENCES = st.lists(st.sampled_from(["bin", "blue", "at", "l", "six", "now"]), max_size=8).map(" ".join)


def test_corpus_rate_is_sum_over_sum() -> None:
    total = count_errors("a b c", "a b x") + count_errors("d e f g", "d e f g h")
    assert total.scores()["wer"] == pytest.approx(100 * 2 / 7)  # the mean of the two rates would be 29.2
    assert (total.hits, total.substitutions, total.deletions, total.insertions) == (6, 1, 0, 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SENTENCES.filter(bool), SENTENCES), min_size=1, max_size=5))
def test_equal_to_jiwer_over_a_corpus(pairs: list[tuple[str, str]]) -> None:
    total = sum((count_errors(said, heard) for said, heard in pairs), WordErrorMeasurement.zero())
    said, heard = map(list, zip(*pairs, strict=True))
    expected = jiwer.process_words(said, heard)
    assert total.scores()["wer"] == pytest.approx(100 * expected.wer)
    assert (total.substitutions, total.deletions, total.insertions, total.hits) == (
        expected.substitutions, expected.deletions, expected.insertions, expected.hits,
    )  # fmt: skip
    assert total.scores()["cer"] == pytest.approx(100 * jiwer.cer(said, heard))


def test_empty_reference_costs_insertions_and_counts_no_words() -> None:
    silence = count_errors("", "six now")
    assert (silence.insertions, silence.hits + silence.substitutions + silence.deletions) == (2, 0)
    assert np.isnan(silence.scores()["wer"])
    assert (silence + count_errors("a b c d", "a b c d")).scores()["wer"] == 50
    assert count_errors("", "").scores()["sentences_correct"] == 100
    assert count_errors("a b", "").scores()["wer"] == 100


def test_cer_counts_spaces() -> None:
    assert count_errors("ab cd", "abcd").scores()["cer"] == 20


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("raw", " It's  o'clock,\nDON\u2019T ", "It's o'clock, DON\u2019T"),
        ("upper-alnum", "It's o'clock, don\u2019t - 20!", "IT'S O'CLOCK DON'T 20"),
        ("upper-alnum", "caf\u00e9 '", "CAF\u00c9"),
        ("whisper-like", "It's (sighs) um, DON\u2019T ask [noise] me!", "it is do not ask me"),
        ("whisper-like", "We'll gonna caf\u00e9; I can't", "we will going to cafe i can not"),
    ],
)
def test_normalisers(name: str, text: str, expected: str) -> None:
    apply = normaliser(name).apply
    assert apply(text) == expected
    assert apply(apply(text)) == apply(text)


def test_metric_reads_both_clips_and_names_its_normaliser() -> None:
    said = Clip("s1/a", transcript="Bin blue at L six now")
    heard = dataclasses.replace(said, transcript="bin blue at l, six")
    metric = WordError()
    assert metric.settings["normaliser"] == "upper-alnum"
    found = metric.measure(Features(said), Features(heard))
    assert (found.hits, found.deletions, found.substitutions) == (5, 1, 0)
    assert WordError("raw").measure(Features(said), Features(heard)).substitutions == 2
    assert [spec.name for spec in metric.scores] == list(found.scores())
    untold = Features(dataclasses.replace(said, transcript=None))
    with pytest.raises(ClipError, match="there is no transcript"):
        metric.measure(untold, Features(heard))
    with pytest.raises(ClipError, match="the answer has no words"):
        metric.measure(Features(said), untold)
    with pytest.raises(CommandError, match="unknown normaliser 'upper': did you mean upper-alnum"):
        WordError("upper")
    assert {known.name for known in NORMALISERS} == {"raw", "upper-alnum", "whisper-like"}


def test_every_rate_is_of_what_was_said() -> None:
    scores = count_errors("A B C D E F G H", "A X C E F G Y Z H").scores()  # B for X, D lost, Y and Z too many
    assert scores["wer"] == pytest.approx(50)
    assert scores["word_substitutions"] == pytest.approx(12.5)
    assert scores["word_deletions"] == pytest.approx(12.5)
    assert scores["word_insertions"] == pytest.approx(25)
    assert scores["sentences_correct"] == 0
    assert count_errors("A B", "A B").scores()["sentences_correct"] == 100
    nothing = count_errors("", "A B")
    assert (nothing.insertions, nothing.correct, count_errors("", "").correct) == (2, 0, 1)
