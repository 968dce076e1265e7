"""The text files of lip-reading datasets: lists, transcripts, word times.

Nothing here looks at media. Files are UTF-8, with or without a byte-order mark. What cannot be understood is a
``ClipError`` of one line: the file, what is wrong, what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from syncbench.clip import Word
from syncbench.errors import ClipError

__all__ = [
    "Spoken",
    "clean",
    "optional",
    "read_align",
    "read_lines",
    "read_list",
    "read_lrs",
    "read_table",
    "read_text",
]

_T = TypeVar("_T")

_ALIGN_UNITS = 25_000  # per second, in GRID's align files
_SILENCE = {"sil", "sp"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a transcript file says: the text, and the words with their times where it has them."""

    text: str
    words: tuple[Word, ...] = ()


def read_lines(path: Path) -> list[str]:
    """Return the lines of a UTF-8 text file without their ends. Raises ClipError where it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as e:
        raise ClipError(f"{path}: no such file") from e
    except UnicodeDecodeError as e:
        raise ClipError(f"{path}: is not UTF-8 text (byte {e.start}); save it as UTF-8") from e
    except OSError as e:
        raise ClipError(f"{path}: cannot be read ({e.strerror})") from e
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def read_list(path: Path) -> list[str]:
    """Return the first token of every line that has one: LRS2's ``test.txt`` carries a tag after the clip's name."""
    return [line.split()[0] for line in read_lines(path) if line.strip()]


def optional(read: Callable[[Path], _T], path: Path) -> _T | None:
    """Return ``read(path)``, or None where the file is missing or malformed: a clip lives without its transcript."""
    try:
        return read(path)
    except ClipError:
        return None


def clean(text: str) -> str:
    """Return ``text`` without tags in curly braces (``{NS}``, ``{LG}``), which are no words, and with single blanks."""
    return " ".join(re.sub(r"\{[^}]*\}", " ", text).split())


def read_lrs(path: Path) -> Spoken:
    """Read a transcript of the LRS family: LRS2, LRS3, LRS-VoxMM.

    Sections are found by their header lines, never by line numbers, since any may be missing: ``Text:`` with the
    words, ``Conf:``, ``Ref:``, a face table (``FRAME X Y W H``) and a word table (``WORD START END ASDSCORE``, seconds
    from the start of the clip). ``Text`` without a colon is accepted, and a first line that names no field is the text.
    """
    lines = [line.strip() for line in read_lines(path)]
    text: str | None = None
    words: list[Word] = []
    in_words = False
    for number, line in enumerate(lines, 1):
        head, _, rest = line.partition(":") if ":" in line.split(" ", 1)[0] else line.partition(" ")
        if text is None and (head == "Text" or line.lower().startswith("text:")):
            text = re.split(r"\bConf\s*:", rest)[0]
        elif number == 1 and line and head.lower() not in {"conf", "ref", "frame", "word"}:
            text = line
        elif line.upper().split()[:3] == ["WORD", "START", "END"]:
            in_words = True
        elif not line:
            in_words = False
        elif in_words:
            words += _word(path, number, line)
    if text is None:
        raise ClipError(f"{path}: has no 'Text:' line; write 'Text:  THE WORDS'")
    return Spoken(clean(text), tuple(words))


def _word(path: Path, number: int, line: str) -> list[Word]:
    columns = line.split()
    try:
        text, start, end = clean(columns[0]), float(columns[1]), float(columns[2])
    except (IndexError, ValueError) as e:
        raise ClipError(f"{path}:{number}: '{line}' is not 'WORD START END ...'; give the times in seconds") from e
    return [Word(text, start, end)] if text else []


def read_text(path: Path) -> Spoken:
    """Read a transcript in the LRS family's form, or in none: then the whole file is the text."""
    lines = read_lines(path)
    if any(re.match(r"text\s*:", line, re.IGNORECASE) for line in lines):
        return read_lrs(path)
    return Spoken(clean(" ".join(lines)))


def read_align(path: Path) -> tuple[Word, ...]:
    """Return the words of a GRID align file, without silences: lines ``START END token`` in 1/25,000 s."""
    words: list[Word] = []
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        try:
            start, end, token = line.split()
            if token.lower() not in _SILENCE:
                words.append(Word(token, int(start) / _ALIGN_UNITS, int(end) / _ALIGN_UNITS))
        except ValueError as e:
            raise ClipError(f"{path}:{number}: '{line.strip()}' is not 'START END word' in 1/25,000 s") from e
    return tuple(words)


def read_table(path: Path) -> dict[str, str]:
    """Return id -> text of a file with one clip a line: ``id<tab>text`` or ``id text``. An id may stand there once."""
    found: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        name, _, text = line.strip().partition("\t" if "\t" in line.strip() else " ")
        if name in found:
            raise ClipError(f"{path}:{number}: '{name}' has two transcripts; remove one")
        found[name] = clean(text)
    return found
