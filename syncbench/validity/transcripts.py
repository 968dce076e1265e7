"""Remarks on recognised texts: what a reader should know before believing a word error rate.

Each finding is one line. None changes a score.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

__all__ = ["remarks"]

_NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
_MUCH = 0.2
"""Share of the clips from which something is worth a remark."""


def remarks(references: Mapping[str, str], hypotheses: Mapping[str, str]) -> list[str]:
    """Return remarks on a system's texts, by clip id in the order of the dataset's list; both normalised alike.

    Clips that only one of the two has are remarked on and otherwise left out.
    """
    found: list[str] = []
    ids = [i for i in references if i in hypotheses]
    if missing := len(references) - len(ids):
        found.append(f"{missing} of {len(references)} clips have no hypothesis")
    if unknown := len(hypotheses) - len(ids):
        found.append(f"{unknown} hypotheses are of no clip")
    said, heard = [references[i].split() for i in ids], [hypotheses[i].split() for i in ids]
    if not ids or not sum(map(len, said)):
        return [*found, "no clip has both words said and words heard"]
    own = _rate(said, heard)
    if own > 1.0:
        found.append(
            f"WER is {100 * own:.1f} %: more errors than words; look for repeated words, another language or another order"
        )
    if empty := sum(not h for h in heard):
        found.append(f"{empty} of {len(ids)} hypotheses are empty")
    if blank := sum(not s for s in said):
        found.append(f"{blank} of {len(ids)} transcripts are empty: every word heard there is an insertion")
    found += _shifted(said, heard, own)
    text, count = Counter(" ".join(h) for h in heard if h).most_common(1)[0] if any(heard) else ("", 0)
    if count > max(2, _MUCH * len(ids)) and count > 2 * max(Counter(" ".join(s) for s in said).values()):
        found.append(f"'{_short(text)}' was recognised {count} times: the system may not hear its input")
    found += _scripts(said, heard)
    repeats = sum(_repeats(h) for h in heard)
    if repeats > _MUCH * len(ids):
        found.append(f"{repeats} of {len(ids)} hypotheses say one word four times in a row: decoding runs in circles")
    return found


def _rate(said: Sequence[Sequence[str]], heard: Sequence[Sequence[str]]) -> float:
    from rapidfuzz.distance import Levenshtein

    errors = sum(Levenshtein.distance(s, h) for s, h in zip(said, heard, strict=True))
    return errors / max(1, sum(map(len, said)))


def _shifted(said: Sequence[Sequence[str]], heard: Sequence[Sequence[str]], own: float) -> list[str]:
    """Remark where the texts fit the references of other clips much better: an order that was lost on the way."""
    count = len(said)
    for shift in _NEIGHBOURS:
        if count <= 2 * abs(shift) + 2:
            continue
        pairs = [(said[i + shift], heard[i]) for i in range(count) if 0 <= i + shift < count]
        rate = _rate([s for s, _ in pairs], [h for _, h in pairs])
        if rate < 0.5 * own:
            return [
                f"hypotheses fit the references {abs(shift)} {'below' if shift > 0 else 'above'} better "
                f"(WER {100 * rate:.1f} % against {100 * own:.1f} %): the order differs"
            ]
    places = {" ".join(s): i for i, s in enumerate(said)}
    strangers = sum(places.get(" ".join(h), i) != i and h != said[i] for i, h in enumerate(heard))
    if own > 0.5 and strangers > _MUCH * count:
        return [f"{strangers} of {count} hypotheses are exactly the transcript of another clip: the order differs"]
    return []


def _scripts(said: Sequence[Sequence[str]], heard: Sequence[Sequence[str]]) -> list[str]:
    """Remark where the letters of both sides are of different scripts."""
    left, right = (_script(texts) for texts in (said, heard))
    if left and right and left != right:
        return [f"transcripts are in {left.lower()} letters and hypotheses in {right.lower()}: no word can agree"]
    return []


def _script(texts: Sequence[Sequence[str]]) -> str:
    """Return the commonest script of the letters, as Unicode names begin, such as ``LATIN``."""
    letters = Counter(c for text in texts for word in text for c in word if c.isalpha())
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        scripts[unicodedata.name(letter, "UNKNOWN").split()[0]] += count
    return scripts.most_common(1)[0][0] if scripts else ""


def _repeats(words: Sequence[str]) -> bool:
    return any(len(set(words[i : i + 4])) == 1 for i in range(len(words) - 3))


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
