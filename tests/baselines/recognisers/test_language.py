"""The character n-gram."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from syncbench.baselines.recognisers.decoder import BLANK, END, SYMBOLS, encode_text
from syncbench.baselines.recognisers.language import CharacterNgram
from syncbench.errors import CommandError


def test_the_language_model_is_a_distribution_that_learnt_its_texts() -> None:
    model = CharacterNgram(["BIN BLUE", "BIN RED"], order=4)
    prefixes = torch.tensor([[END, *encode_text("BIN")], [END, *encode_text("QQQ")]])
    log = model.next(prefixes)
    assert log.exp().sum(-1).tolist() == pytest.approx([1.0, 1.0], abs=1e-5)
    assert log[0].argmax() == SYMBOLS.index(" ")
    assert log[0, SYMBOLS.index(" ")] > log[1, SYMBOLS.index(" ")]
    assert log[:, BLANK].max() < -1e29
    with pytest.raises(CommandError, match="cannot be read"):
        CharacterNgram.of_file(Path("absent.txt"))
