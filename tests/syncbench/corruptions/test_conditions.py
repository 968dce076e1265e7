"""Conditions: names, the grid, and what signatures say."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncbench.corruptions.conditions import CLEAN, Condition, grid, parse
from syncbench.errors import CommandError


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


def test_the_signature_says_everything_that_must_agree(tmp_path: Path) -> None:
    assert CLEAN.signature() == "clean"
    said = "audio:babble30.2@0,visual:avrelscore.occlusion.1,corruptions.1"
    assert Condition("babble@0", "occlusion").signature() == said
    assert Condition("babble@0", "occlusion").signature() == Condition("babble30@0", "avrelscore.occlusion").signature()
    assert Condition("babble@0").signature() != Condition("babble@5").signature()
    assert Condition("babble6@0").signature() != Condition("babble@0").signature()
    assert Condition("white-gaps@0").signature() != Condition("white@0").signature()
    (tmp_path / "a.wav").write_bytes(b"one")
    before = Condition(f"folder:{tmp_path}@0").signature()
    (tmp_path / "a.wav").write_bytes(b"two")
    after = Condition(f"folder:{tmp_path}@0").signature()
    assert after != before
    assert Condition(f"folder:{tmp_path}-gaps@0").signature() != after
