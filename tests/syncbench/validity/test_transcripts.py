"""Remarks tell what is wrong with texts, and there are none where nothing is."""

from __future__ import annotations

import re

import pytest

from syncbench.validity.transcripts import remarks

SAID = {f"c{i}": f"WORD{i} SAID{i} HERE{i % 3}" for i in range(12)}


def test_good_texts_get_no_remark() -> None:
    assert remarks(SAID, dict(SAID)) == []
    assert remarks(SAID, SAID | {"c3": "WORD3 SAID4 HERE0"}) == []


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        (SAID | {f"c{i}": "A B C D E F G H" for i in range(0, 12, 2)}, "WER is .* more errors than words"),
        (SAID | {"c1": "", "c2": ""}, "2 of 12 hypotheses are empty"),
        ({f"c{i}": SAID[f"c{(i + 1) % 12}"] for i in range(12)}, "references 1 below better .* the order differs"),
        ({f"c{i}": SAID[f"c{11 - i}"] for i in range(12)}, "12 of 12 hypotheses are exactly the transcript of another"),
        (dict.fromkeys(SAID, "THANK YOU"), "'THANK YOU' was recognised 12 times"),
        (dict.fromkeys(SAID, "слово тут"), "transcripts are in latin letters and hypotheses in cyrillic"),
        ({k: v + " NO NO NO NO" for k, v in SAID.items()}, "one word four times in a row"),
        ({"c1": SAID["c1"]}, "11 of 12 clips have no hypothesis"),
        (SAID | {"x": "WORD"}, "1 hypotheses are of no clip"),
        ({}, "no clip has both"),
    ],
)
def test_each_defect_has_its_remark(heard: dict[str, str], words: str) -> None:
    found = remarks(SAID, heard)
    assert any(re.search(words, remark) for remark in found), found
    assert all("\n" not in remark for remark in found)


def test_sentences_that_repeat_by_nature_are_no_finding() -> None:
    said = {f"c{i}": "YES" if i % 2 else "NO" for i in range(12)}
    assert remarks(said, dict(said)) == []
