"""Texts recognised elsewhere: readers of their formats, and the system that answers with them.

``--model hypotheses:FILE`` scores a file of AV-HuBERT, Auto-AVSR, Whisper-Flamingo, Kaldi or any other recogniser.
``--option streams=audio``, ``video`` or ``audio+video`` says what it was given, for tables of what fusion gains.
Formats are told apart by their content:

- trn (sclite, Kaldi): ``words words (id)``, of alternatives ``{ a / b / @ }`` the first;
- ``id words words``, one per line (Kaldi text, ``.ref``); with a tab after the id where ids hold spaces;
- fairseq, AV-HuBERT ``hypo-*.json``: ``{"utt_id": [...], "ref": [...], "hypo": [...]}``;
- Whisper-Flamingo ``wer.json``: ``{"pred": [...], "refs": [...]}`` and ``pred.txt``: lines ``HYPO: ...`` and ``REF: ...``
  in turn. They have no ids and are matched by their references, in order;
- JSON lines: ``{"id": ..., "text": ...}`` (also ``utt_id``, ``key``, ``clip``; ``hypo``, ``hyp``, ``pred``, ``prediction``).
"""

from __future__ import annotations

import json
import re
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from syncbench.answer import Text
from syncbench.clip import Clip
from syncbench.errors import ClipError, CommandError
from syncbench.files import file_hash
from syncbench.options import Options
from syncbench.system import Given, Setup, System

__all__ = ["Hypotheses", "Hypothesis", "match", "read_hypotheses"]

_ID_KEYS = ("id", "utt_id", "key", "clip")
_TEXT_KEYS = ("text", "hypo", "hyp", "pred", "prediction")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One recognised text: ``id`` as the file writes it (empty where it has none), and its reference where given."""

    id: str
    text: str
    reference: str | None = None


def read_hypotheses(file: Path) -> list[Hypothesis]:
    """Return what a file of recognised texts holds, in its order. Raises CommandError where it is no such file."""
    try:
        content = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{file} cannot be read ({error.strerror}): name a file of recognised texts") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8 text (byte {error.start}): save it as UTF-8") from error
    lines = [(n, line) for n, line in enumerate(content.splitlines(), 1) if line.strip()]
    if not lines:
        raise CommandError(f"{file} is empty: name a file of recognised texts")
    if content.lstrip()[0] in "{[" and not _is_trn(lines):
        return _read_json(file, content, lines)
    if re.match(r"\s*(HYPO|REF):", lines[0][1]):
        return _read_pairs(file, lines)
    if _is_trn(lines):
        return [_read_trn(file, n, line) for n, line in lines]
    return [_read_text(line) for _, line in lines]


def _is_trn(lines: Sequence[tuple[int, str]]) -> bool:
    return re.search(r"\([^()\s]+\)\s*$", lines[0][1]) is not None


def _read_trn(file: Path, number: int, line: str) -> Hypothesis:
    found = re.fullmatch(r"(.*?)\s*\(([^()\s]+)\)\s*", line)
    if found is None:
        raise CommandError(f"{file}, line {number}: no id in brackets at the end, as in 'WORDS (s1_bbal6n)'")
    first = re.sub(r"\{([^/}]*)/[^}]*\}", r"\1", found[1])
    return Hypothesis(found[2], " ".join(w for w in first.split() if w != "@"))


def _read_text(line: str) -> Hypothesis:
    name, _, text = line.partition("\t") if "\t" in line else line.strip().partition(" ")
    return Hypothesis(name.strip(), " ".join(text.split()))


def _read_pairs(file: Path, lines: Sequence[tuple[int, str]]) -> list[Hypothesis]:
    read: list[Hypothesis] = []
    waiting: dict[str, str] = {}
    for number, line in lines:
        kind, _, text = line.strip().partition(":")
        if kind not in ("HYPO", "REF") or kind in waiting:
            raise CommandError(f"{file}, line {number}: lines HYPO: and REF: must take turns")
        waiting[kind] = " ".join(text.split())
        if len(waiting) == 2:
            read.append(Hypothesis("", waiting["HYPO"], waiting["REF"]))
            waiting = {}
    if waiting:
        raise CommandError(f"{file}: the last {next(iter(waiting))}: line has no partner")
    return read


def _read_json(file: Path, content: str, lines: Sequence[tuple[int, str]]) -> list[Hypothesis]:
    try:
        whole = json.loads(content)
    except json.JSONDecodeError:
        return [_read_object(file, f"line {n}", _loads(file, n, line)) for n, line in lines]
    if isinstance(whole, list):
        return [_read_object(file, f"entry {n}", item) for n, item in enumerate(whole, 1)]
    columns = {key: value for key, value in whole.items() if isinstance(value, list)}
    texts = next((columns[k] for k in ("hypo", "pred") if k in columns), None)
    if texts is None:
        if any(key in whole for key in _ID_KEYS):
            return [_read_object(file, "line 1", whole)]
        if whole and all(isinstance(value, str) for value in whole.values()):
            return [Hypothesis(key, " ".join(value.split())) for key, value in whole.items()]
        raise CommandError(f"{file} has neither a list 'hypo' nor 'pred': it is no file of recognised texts known here")
    references = columns.get("ref", columns.get("refs", [None] * len(texts)))
    ids = columns.get("utt_id", [""] * len(texts))
    if not len(ids) == len(references) == len(texts):
        raise CommandError(f"{file}: lists of {len(ids)} ids, {len(references)} references and {len(texts)} texts")
    return [
        Hypothesis(str(i), " ".join(str(t).split()), None if r is None else str(r))
        for i, t, r in zip(ids, texts, references, strict=True)
    ]


def _loads(file: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise CommandError(f"{file}, line {number}: is not JSON ({error.msg})") from error


def _read_object(file: Path, place: str, item: Any) -> Hypothesis:
    entry: dict[str, Any] = item if isinstance(item, dict) else {}
    name = next((entry[k] for k in _ID_KEYS if k in entry), None)
    text = next((entry[k] for k in _TEXT_KEYS if k in entry), None)
    if name is None or text is None:
        raise CommandError(f"{file}, {place}: needs an id ({', '.join(_ID_KEYS)}) and a text ({', '.join(_TEXT_KEYS)})")
    reference = next((str(entry[k]) for k in ("ref", "reference", "refs") if entry.get(k) is not None), None)
    return Hypothesis(str(name), " ".join(str(text).split()), reference)


def _plain(text: str) -> str:
    """Return an id without media endings and with every separator the same: tools rewrite ``s1/bbal6n`` freely."""
    bare = re.sub(r"\.(mp4|mkv|avi|mpg|webm|wav|flac|txt)$", "", text, flags=re.IGNORECASE)
    return re.sub(r"[^0-9a-z]+", "/", bare.lower()).strip("/")


def match(read: Sequence[Hypothesis], clips: Sequence[Clip], file: Path) -> tuple[dict[str, list[str]], list[str]]:
    """Return clip id -> the different texts found for it, and the ids that are of no clip.

    An id is a clip's where the two agree, separators and leading folders apart (``lrs2/test/s1_bbal6n.mp4`` is
    ``s1/bbal6n``). Texts without ids are matched by order among the clips of the same reference.

    Raises CommandError where references without ids do not say which clips they are of.
    """
    found: dict[str, list[str]] = defaultdict(list)
    unknown: list[str] = []
    if read and not any(h.id for h in read):
        return _match_by_reference(read, clips, file), []
    exact = {c.id: c.id for c in clips}
    plain = {_plain(c.id): c.id for c in clips}
    for hypothesis in read:
        parts = _plain(hypothesis.id).split("/")
        tails = ("/".join(parts[i:]) for i in range(len(parts)))
        clip = exact.get(hypothesis.id) or next((plain[tail] for tail in tails if tail in plain), None)
        if clip is None:
            unknown.append(hypothesis.id)
        elif hypothesis.text not in found[clip]:
            found[clip].append(hypothesis.text)
    return dict(found), unknown


def _match_by_reference(read: Sequence[Hypothesis], clips: Sequence[Clip], file: Path) -> dict[str, list[str]]:
    waiting: dict[str, list[str]] = defaultdict(list)
    for clip in clips:
        waiting[_plain(clip.transcript or "")].append(clip.id)
    found: dict[str, list[str]] = {}
    for number, hypothesis in enumerate(read, 1):
        candidates = waiting.get(_plain(hypothesis.reference or ""), [])
        if candidates:
            found[candidates.pop(0)] = [hypothesis.text]
        elif hypothesis.reference is None:
            raise CommandError(f"{file}: text {number} has neither id nor reference: it cannot be given to a clip")
    if not found:
        raise CommandError(f"{file}: no reference in it is the transcript of a clip of this run")
    return found


class TextOptions(Options):
    streams: Literal["", "audio", "video", "audio+video"] = Field("", description="what the recogniser was given")


class Hypotheses(System[TextOptions]):
    """Texts recognised elsewhere: --model hypotheses:FILE.

    Texts are given to clips of the whole split, so that which clips are run decides nothing. Texts of no clip are named
    in one warning.
    """

    task = "avsr"
    takes = TextOptions
    borrows = True
    sees_truth = True  # texts without ids are given to clips by their references

    def __init__(self, setup: Setup[TextOptions], name: str = "") -> None:
        super().__init__(setup, name)
        if not setup.argument:
            raise CommandError("--model hypotheses:FILE needs a file of recognised texts")
        self.file = Path(setup.argument)
        self.texts, unknown = match(read_hypotheses(self.file), setup.split, self.file)
        if not self.texts:
            raise CommandError(f"{self.file}: none of its ids, such as '{unknown[0]}', is a clip of this split")
        if unknown:
            warnings.warn(
                f"{self.file}: {len(unknown)} hypotheses are of no clip of this split and left out, such as '{unknown[0]}'",
                stacklevel=2,
            )
        streams = setup.options.streams
        self.settings = {"file": self.file.name, "sha256": file_hash(self.file)[:8]}
        self.settings |= {"streams": streams} if streams else {}

    def source(self, clip: Clip) -> Path:
        return self.file

    def answer(self, given: Given) -> Text:
        texts = self.texts.get(given.id, ())
        if not texts:
            raise ClipError(f"no hypothesis for clip '{given.id}' in {self.file.name}: recognise it too")
        if len(texts) > 1:
            raise ClipError(f"{len(texts)} different hypotheses for clip '{given.id}' in {self.file.name}: keep one")
        return Text(texts[0])
