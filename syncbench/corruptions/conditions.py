"""Conditions: which corruption of which stream, by name.

A stream's corruption is ``clean`` or parts joined by ``+``, applied from left to right, each ``name`` or ``name@value``; a
number of talkers follows the name (``babble6@0``), a folder stands after a colon (``folder:DIR@0``), and a suffix makes
the part come and go (``white-gaps@0``, ``blur-spans@2``). The names are rows, found by entry points: ``syncbench list
corruptions`` says what each does.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from syncbench import registry
from syncbench.corruptions.corruption import Corruption, Part, Stream
from syncbench.errors import CommandError, unknown_name

__all__ = ["CLEAN", "Condition", "grid", "parse", "parts", "rows", "spelling"]

VERSION = 1
"""Raised whenever the same condition and seed give other bytes, whatever the parts."""


def rows(stream: Stream) -> dict[str, Corruption]:
    """Return a stream's corruptions by name and by short name."""
    found = [row for row in registry.loaded("corruption").values() if row.stream == stream]
    return {row.name: row for row in found} | {row.alias: row for row in found if row.alias}


@dataclass(frozen=True, slots=True)
class Condition:
    """The corruption of both streams, as the user spelt it."""

    audio: str = "clean"
    visual: str = "clean"

    def __post_init__(self) -> None:
        self.parts()

    def parts(self) -> list[tuple[Corruption, Part]]:
        """Return every part of both streams with its row. Raises CommandError for unknown names and wrong values."""
        return [*parts(self.audio, "audio"), *parts(self.visual, "visual")]

    @property
    def name(self) -> str:
        """Such as ``audio=babble@0,visual=occlusion``; empty where both streams are clean."""
        return "" if self.clean else f"audio={self.audio},visual={self.visual}"

    @property
    def clean(self) -> bool:
        """Whether nothing is corrupted."""
        return self.audio == "clean" and self.visual == "clean"

    def needs(self, what: str) -> bool:
        """Return whether any part needs ``landmarks`` or ``voices``."""
        return any(what in row.needs for row, _ in self.parts())

    def signature(self) -> str:
        """Return what must agree before scores under conditions are compared, without the run's seed.

        Long names with their versions, talkers, and the content hash of folders:
        ``audio:babble30.2@0,visual:avrelscore.occlusion.1,corruptions.1``. ``clean`` where nothing is corrupted.
        """
        if self.clean:
            return "clean"
        said: list[str] = []
        for stream, text in (("audio", self.audio), ("visual", self.visual)):
            described = [_described(row, part) for row, part in parts(text, "audio" if stream == "audio" else "visual")]
            said.append(f"{stream}:{'+'.join(described) or 'clean'}")
        return ",".join([*said, f"corruptions.{VERSION}"])


def parse(name: str) -> Condition:
    """Return the condition called ``name``, as ``Condition.name`` writes it; the empty name is no corruption."""
    if not name:
        return CLEAN
    match = re.fullmatch(r"audio=(.+),visual=(.+)", name)
    if match is None:
        raise CommandError(f"'{name}' is no condition: write audio=CORRUPTION,visual=CORRUPTION")
    return Condition(match[1], match[2])


def grid(audio: Sequence[str], visual: Sequence[str]) -> tuple[Condition, ...]:
    """Return every pair of the corruptions, audio changing slowest.

    ``grid(["clean", "babble@0"], ["clean", "occlusion"])`` has four conditions; nothing named means clean. Raises
    CommandError for unknown corruptions, with the nearest known names.
    """
    pairs = [Condition(a, v) for a in audio or ["clean"] for v in visual or ["clean"]]
    return tuple(dict.fromkeys(pairs))


def spelling(text: str, stream: Stream) -> str:
    """Return a stream's corruption with short names written out, so that both spellings draw the same."""
    known = rows(stream)
    return "+".join(known[part].name if part in known else part for part in text.split("+"))


def parts(text: str, stream: Stream) -> list[tuple[Corruption, Part]]:
    """Return the parts of a stream's corruption with their rows, none where it is clean. Raises CommandError."""
    return [] if text == "clean" else [_part(part, stream) for part in text.split("+")]


def _part(text: str, stream: Stream) -> tuple[Corruption, Part]:
    known = rows(stream)
    name, at, value = text.rpartition("@")
    name, said = (name, value) if at else (text, None)
    name, colon, place = name.partition(":")
    row, spans, talkers = _named(name, known)
    if row is None or bool(colon) != (row.takes == "folder"):
        names = ["clean", *(f"{row.name}:" if row.takes == "folder" else row.name for row in known.values())]
        raise unknown_name(f"{stream} corruption", text, names)
    if colon and row.intermittent and place.endswith(row.intermittent) and not Path(place).is_dir():
        place, spans = place.removesuffix(row.intermittent), True
    number = _number(text, said, row)
    extra = {} if talkers is None else {"talkers": talkers}
    return row, Part(row.name, number, folder=Path(place) if colon else None, spans=spans, **extra)


def _named(name: str, known: dict[str, Corruption]) -> tuple[Corruption | None, bool, int | None]:
    """Return the row that a name means, whether it comes and goes, and its talkers where the name says them."""
    if name in known:
        return known[name], False, None
    for row in known.values():
        plain = name.removesuffix(row.intermittent) if row.intermittent else name
        if plain == row.name:
            return row, plain != name, None
        if row.takes == "talkers" and (match := re.fullmatch(rf"{re.escape(row.name)}(\d+)", plain)):
            talkers = int(match[1])
            if not 1 <= talkers <= 1000:
                raise CommandError(f"'{name}' asks for {talkers} talkers: 1 to 1000 are possible")
            return row, plain != name, talkers
    return None, False, None


def _number(text: str, said: str | None, row: Corruption) -> float:
    if row.range is None:
        if said is not None:
            raise CommandError(f"'{text}' takes no value: leave out @{said}")
        return 0.0
    low, high = row.range
    try:
        number = float(said) if said is not None else math.nan
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise CommandError(f"'{text}' needs a number from {low:g} to {high:g} after @")
    if row.whole and number != round(number):
        raise CommandError(f"'{text}' needs a whole number after @")
    return number


def _described(row: Corruption, part: Part) -> str:
    """Return a part in full, for signatures."""
    version = f".{row.version}" if row.version > 1 or (row.range is None and not part.folder) else ""
    talkers = str(part.talkers) if row.takes == "talkers" else ""
    folder = f"#{_folder_hash(part.folder)}" if part.folder is not None else ""
    spans = row.intermittent if part.spans else ""
    value = f"@{part.value:g}" if row.range is not None else ""
    return f"{row.name}{talkers}{folder}{spans}{version}{value}"


def _folder_hash(folder: Path) -> str:
    """Return eight digits of the hash of a folder's file names and contents."""
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder: name one with recordings (folder:) or cut-outs (objects:)")
    digest = hashlib.sha256()
    for file in sorted(p for p in folder.iterdir() if p.is_file()):
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:8]


CLEAN = Condition()
"""Nothing corrupted."""
