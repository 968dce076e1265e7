"""The bundled lip reader on real lips it was not trained on, and its alphabet."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syncbench import registry
from syncbench.baselines.evaluators.landmarks.finder import MOUTHS
from syncbench.baselines.evaluators.lipreader.network import ALPHABET, BLANK, decode_words, encode, spell
from syncbench.baselines.evaluators.lipreader.reader import read_lips, read_mouths
from syncbench.baselines.evaluators.lipreader.vocabulary import KNOWN_WORDS
from syncbench.clip import Clip
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.evaluators import text_of
from syncbench.media import clip_frames
from syncbench.metrics.word_error import WordErrorMeasurement, count_errors


def test_reads_real_lips(grid_clips: list[Clip]) -> None:
    total = WordErrorMeasurement.zero()
    for clip in grid_clips:
        total = total + count_errors(clip.transcript or "", read_mouths(Features(clip)[MOUTHS]))
    assert total.scores()["wer"] < 35


def test_frames_and_feature_say_the_same(grid_clips: list[Clip]) -> None:
    clip = grid_clips[0]
    reader = registry.load("reader", "lipreader")()
    assert read_lips(clip_frames(clip)) == text_of(Features(clip)[reader.hypothesis])


def test_closed_lips_say_little(grid_clips: list[Clip]) -> None:
    mouths = Features(grid_clips[0])[MOUTHS]
    frozen = np.repeat(mouths[:1], len(mouths), axis=0)
    assert len(read_mouths(frozen).split()) < 4


def test_a_sentence_is_read_where_single_words_are_doubtful() -> None:
    said = ["SET", "BLUE", "WITH", "A", "TWO", "SOON"]
    scores = np.full((60, 52), -9.0)
    scores[:, BLANK] = -0.1
    for place, word in enumerate(said):
        scores[place * 10 + 3, KNOWN_WORDS.index(word)] = 0.0
    scores[33, KNOWN_WORDS.index("TWO")] = 0.1  # a digit where a letter must be
    scores[45, KNOWN_WORDS.index("NOW")] = -0.05  # two adverbs
    assert decode_words(scores) == " ".join(said)


def test_words_that_are_missed_are_filled_in_but_not_of_nothing() -> None:
    scores = np.full((60, 52), -9.0)
    scores[:, BLANK] = -0.1
    for t, word in ((3, "SET"), (13, "BLUE"), (43, "TWO")):
        scores[t, KNOWN_WORDS.index(word)] = 0.0
    read = decode_words(scores).split()
    assert len(read) == 6
    assert [read[0], read[1], read[4]] == ["SET", "BLUE", "TWO"]
    scores[43, KNOWN_WORDS.index("TWO")] = -9.0
    assert decode_words(scores) == "SET BLUE"


def test_alphabet_there_and_back() -> None:
    text = "SET BLUE WITH A 2 DON'T"
    labels = encode(text.lower() + " !")
    blanks = [x for label in labels for x in (label, label, 0)]  # every character twice, a blank between
    assert spell(torch.tensor(blanks)) == text
    assert encode("é") == []
    assert len(set(ALPHABET)) == len(ALPHABET) == 39


def test_too_short_is_said_so() -> None:
    with pytest.raises(ClipError, match="at least 5"):
        read_mouths(np.zeros((4, 64, 64), np.uint8))
