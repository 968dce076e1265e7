"""The bundled lip reader on real lips it was not trained on, and its alphabet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from syncbench.baselines.landmarks import MOUTHS
from syncbench.baselines.lipreader import LIP_HYPOTHESIS, read_lips
from syncbench.baselines.lipreader.network import ALPHABET, encode, spell
from syncbench.baselines.lipreader.reader import read_mouths
from syncbench.contracts import Clip
from syncbench.errors import ClipError, CommandError
from syncbench.features.core import ClipFeatures
from syncbench.metrics.readability import text_of
from syncbench.metrics.word_error import WordErrorMeasurement, count_errors


def test_reads_real_lips(grid_clips: list[Clip]) -> None:
    total = WordErrorMeasurement.zero()
    for clip in grid_clips:
        total = total + count_errors(clip.transcript or "", read_mouths(ClipFeatures(clip)[MOUTHS]))
    assert total.scores()["wer"] < 35


def test_frames_and_feature_say_the_same(grid_clips: list[Clip]) -> None:
    clip = grid_clips[0]
    assert read_lips(clip.frames()) == text_of(ClipFeatures(clip)[LIP_HYPOTHESIS])


def test_closed_lips_say_little(grid_clips: list[Clip]) -> None:
    mouths = ClipFeatures(grid_clips[0])[MOUTHS]
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


def test_recipe(synthetic_clips: list[Clip], tmp_path: Path) -> None:
    from syncbench.baselines.lipreader.training import train

    weights = train(synthetic_clips[:1], tmp_path, steps=1, word_steps="2")
    assert weights.stat().st_size > 1_000_000
    with pytest.raises(CommandError, match="no transcripts"):
        train([Clip(id="x", video=synthetic_clips[0].video)], tmp_path / "bare", steps=1)
