"""When which phone is said, from the times of words."""

from __future__ import annotations

import pytest

from syncbench.clip import Clip, Word
from syncbench.errors import ClipError
from syncbench.phonetics.alignment import clip_phones, phone_frames, pronounce

WORDS = (Word("BIN", 0.2, 0.5), Word("BLUE", 0.5, 0.9), Word("A", 1.0, 1.2))


def test_words_become_phones_in_time() -> None:
    phones = clip_phones(Clip("s/1", None, words=WORDS))
    assert phones[0].symbol == ""
    said = [p.symbol for p in phones if p.symbol]
    assert said[:3] == ["b", "ɪ", "n"]
    assert said[-1].startswith("e")  # the letter, not the article
    assert phones[1].start == pytest.approx(0.2)
    assert max(p.end for p in phones if p.end <= 0.91) == pytest.approx(0.9)
    assert sum(share for _, share in pronounce("blue")) == pytest.approx(1.0)
    frames = phone_frames(phones, 40)
    assert phones[frames[0]].symbol == ""
    assert phones[frames[5]].symbol == "b"  # 0.22 s
    assert frames[35] == -1  # 1.42 s, after the last word
    with pytest.raises(ClipError, match="neither a truth file nor word times"):
        clip_phones(Clip("s/1", None))
