"""The bundled lip reader on real lips it was not trained on, and its alphabet."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syncbench import registry
from syncbench.baselines.evaluators.landmarks.finder import MOUTHS
from syncbench.baselines.evaluators.lipreader.network import ALPHABET, encode, spell
from syncbench.baselines.evaluators.lipreader.reader import read_lips, read_mouths
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
