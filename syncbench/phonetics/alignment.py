"""When which phone is said in a clip: from the truth of a synthetic clip, or from word times and a pronunciation."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import FPS, Clip
from syncbench.errors import ClipError
from syncbench.files import read_arrays
from syncbench.phonetics.espeak import Utterance, speak
from syncbench.phonetics.inventory import Phone

__all__ = ["clip_phones", "phone_frames", "phones_unknown", "pronounce"]


@lru_cache(maxsize=4096)
def pronounce(word: str) -> tuple[tuple[str, float], ...]:
    """Return a word's phones in British English by espeak-ng, each with its share of the word's length."""
    # A single letter is spelled: "a" in small letters would be the article.
    said = word.upper() if len(word) == 1 else word.lower()
    phones = [p for p in speak([Utterance(said, "en")])[0].phones if p.symbol]
    total = sum(p.end - p.start for p in phones)
    return tuple((p.symbol, (p.end - p.start) / total) for p in phones)


def phones_unknown(clip: Clip) -> str | None:
    """Return None, or one line: why it is unknown when which phone is said."""
    if clip.words or "truth" in clip.extras:
        return None
    return "no phones: the clip has neither a truth file nor word times"


def clip_phones(clip: Clip) -> tuple[Phone, ...]:
    """Return the phones of a clip in time order.

    From ``extras["truth"]`` where the clip is synthetic; otherwise each word's span is shared among its phones in the
    proportion espeak-ng speaks them, with silence between words. Raises ClipError where there is neither.
    """
    truth = clip.extras.get("truth")
    if truth is not None:
        kept = read_arrays(truth)
        columns = [kept[key].tolist() for key in ("phones", "phone_start", "phone_end", "phone_release")]
        return tuple(Phone(*row) for row in zip(*columns, strict=True))
    if reason := phones_unknown(clip):
        raise ClipError(reason)
    phones: list[Phone] = []
    now = 0.0
    for word in clip.words:
        if word.start > now:
            phones.append(Phone("", now, word.start, word.start))
        now = word.start
        for symbol, share in () if word.text.lower() in ("sil", "sp") else pronounce(word.text):
            end = now + share * (word.end - word.start)
            phones.append(Phone(symbol, now, end, end))
            now = end
        now = max(now, word.end)
    return tuple(phones)


def phone_frames(phones: tuple[Phone, ...], frames: int) -> NDArray[np.int64]:
    """Return for each frame the number of the phone said at its middle, int64 ``[frames]``; -1 where none is."""
    middles = (np.arange(frames) + 0.5) / FPS
    starts = np.array([p.start for p in phones])
    ends = np.array([p.end for p in phones])
    place = np.searchsorted(starts, middles, side="right") - 1
    inside = (place >= 0) & (middles < ends[np.maximum(place, 0)])
    return np.where(inside, place, -1)
