"""Conditions: which corruption of which stream, by name, and their application to a clip's arrays.

A stream's corruption is ``clean`` or parts joined by ``+``, applied from left to right, each ``name`` or ``name@value``:

======================  ============================================================================================
audio                   meaning
======================  ============================================================================================
``white@SNR``           Gaussian white noise at SNR dB; also ``pink``, ``speech-shaped``
``babble@SNR``          30 voices of other clips; ``babble6@SNR``: six
``folder:DIR@SNR``      noise from a folder of recordings
``...-gaps@SNR``        any of these, intermittent
``reverb@SECONDS``      reverberation time
``band@HZ``             nothing above
``clip@SHARE``          the loudest share of the samples is cut off
``loss@SHARE``          share of 20 ms packets lost
a profile               ``noise-easy``, ``noise-hard``, ``combined-easy``, ``combined-hard`` (see ``profiles.py``)
======================  ============================================================================================

======================  ============================================================================================
visual                  meaning
======================  ============================================================================================
``occlusion``           generated objects over the mouth in 30-50 % of the frames, following it; ``objects:DIR``: cut-outs
``noise``, ``both``     noisy or blurred spans; occluded spans and those
``gaussian@VARIANCE``   noise over the whole clip; ``gaussian-spans@VARIANCE``: in spans
``blur@SIGMA``          Gaussian blur, pixels; ``blur-spans@SIGMA``
``lowres@FACTOR``       mosaic; ``lowres-spans@FACTOR``
``dark@FACTOR``         pixel values times FACTOR; ``dark-spans@FACTOR``
``freeze@SHARE``        one span of the clip stands still
``drop@SHARE``          lost frames, the last one shown again
``desync@K``            video K frames late (negative: early)
======================  ============================================================================================

The draws of a clip depend on the run's seed, the clip's id and the stream's corruption alone: not on the other stream, on
the order of clips, or on the process.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from syncbench.corruptions.profiles import ALIASES, AUDIO, VISUAL
from syncbench.errors import CommandError, unknown_name

__all__ = ["CLEAN", "NOISES", "Condition", "Part", "grid", "parse", "parts", "spelling"]

VERSION = 1
"""Raised whenever the same condition and seed give other bytes."""

TALKERS = 30

NOISES = ("white", "pink", "speech-shaped", "babble")
_AUDIO_PARTS = (*NOISES, *(f"{n}-gaps" for n in NOISES), "folder:", "reverb", "band", "clip", "loss", *AUDIO)
_SPANNED = ("gaussian", "blur", "lowres", "dark")
_VISUAL_PARTS = (*_SPANNED, *(f"{n}-spans" for n in _SPANNED), "freeze", "drop", "desync", "objects:", *VISUAL)

# What a value must lie in, by part; both ends belong to it.
_RANGES: dict[str, tuple[float, float]] = {
    "reverb": (0.05, 5.0),
    "band": (100.0, 7900.0),
    "clip": (0.0, 0.9),
    "loss": (0.0, 1.0),
    "gaussian": (0.0, 4.0),
    "blur": (0.05, 100.0),
    "lowres": (1.0, 1000.0),
    "dark": (0.0, 1.0),
    "freeze": (0.0, 1.0),
    "drop": (0.0, 1.0),
    "desync": (-1000.0, 1000.0),
    "snr": (-60.0, 100.0),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One corruption: ``kind`` such as ``babble`` or ``blur``, its value, and what else its spelling says."""

    kind: str
    value: float = 0.0
    talkers: int = TALKERS
    folder: Path | None = None
    spans: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """The corruption of both streams, as the user spelt it."""

    audio: str = "clean"
    visual: str = "clean"

    def __post_init__(self) -> None:
        parts(self.audio, "audio")
        parts(self.visual, "visual")

    @property
    def name(self) -> str:
        """Such as ``audio=babble@0,visual=occlusion``; empty where both streams are clean."""
        return "" if self.clean else f"audio={self.audio},visual={self.visual}"

    @property
    def clean(self) -> bool:
        """Whether nothing is corrupted."""
        return self.audio == "clean" and self.visual == "clean"

    @property
    def needs_landmarks(self) -> bool:
        """Whether ``apply`` needs the mouth's landmarks."""
        return any(
            part.kind == "objects" or (part.kind in VISUAL and VISUAL[part.kind].occlusion)
            for part in parts(self.visual, "visual")
        )

    @property
    def needs_others(self) -> bool:
        """Whether ``apply`` needs the speech of other clips."""
        return any(part.kind == "babble" or part.kind in AUDIO for part in parts(self.audio, "audio"))

    def signature(self) -> str:
        """Return what must agree before scores under conditions are compared, without the run's seed.

        Long names with their versions, talkers, and the content hash of folders:
        ``audio:babble30@0,visual:avrelscore.occlusion.1,corruptions.1``. ``clean`` where nothing is corrupted.
        """
        if self.clean:
            return "clean"
        streams = (("audio", self.audio), ("visual", self.visual))
        said = [
            f"{stream}:{'+'.join(_described(p) for p in parts(text, stream)) or 'clean'}" for stream, text in streams
        ]
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


def spelling(text: str) -> str:
    """Return a stream's corruption with short profile names written out, so that both spellings draw the same."""
    return "+".join(ALIASES.get(part, part) for part in text.split("+"))


def parts(text: str, stream: str) -> list[Part]:
    """Return the parts of a corruption of ``audio`` or ``visual``, none where it is clean. Raises CommandError."""
    if text == "clean":
        return []
    read: Callable[[str], Part] = _audio_part if stream == "audio" else _visual_part
    return [read(part) for part in text.split("+")]


def _audio_part(text: str) -> Part:
    name, value = _split(text)
    name = ALIASES.get(name, name)
    if name in AUDIO:
        return Part(name, _none(text, value))
    if name.startswith("folder:"):
        folder, gaps = name.removeprefix("folder:"), False
        if folder.endswith("-gaps") and not Path(folder).is_dir():
            folder, gaps = folder.removesuffix("-gaps"), True
        return Part("folder", _number(text, value, "snr"), folder=Path(folder), spans=gaps)
    gaps = name.endswith("-gaps")
    noise = name.removesuffix("-gaps")
    talkers = TALKERS
    if match := re.fullmatch(r"babble(\d+)", noise):
        noise, talkers = "babble", int(match[1])
        if not 1 <= talkers <= 1000:
            raise CommandError(f"'{text}' asks for {talkers} talkers: 1 to 1000 are possible")
    if noise in NOISES:
        return Part(noise, _number(text, value, "snr"), talkers=talkers, spans=gaps)
    if name in ("reverb", "band", "clip", "loss"):
        return Part(name, _number(text, value, name))
    raise unknown_name("audio corruption", name, ["clean", *_AUDIO_PARTS])


def _visual_part(text: str) -> Part:
    name, value = _split(text)
    name = ALIASES.get(name, name)
    if name in VISUAL:
        return Part(name, _none(text, value))
    if name.startswith("objects:"):
        return Part("objects", _none(text, value), folder=Path(name.removeprefix("objects:")))
    kind = name.removesuffix("-spans")
    if kind in _SPANNED:
        return Part(kind, _number(text, value, kind), spans=name.endswith("-spans"))
    if name in ("freeze", "drop", "desync"):
        number = _number(text, value, name)
        if name == "desync" and number != round(number):
            raise CommandError(f"'{text}' is not a whole number of frames: desync@3 shows the video 3 frames late")
        return Part(name, number)
    raise unknown_name("visual corruption", name, ["clean", *_VISUAL_PARTS])


def _split(text: str) -> tuple[str, str | None]:
    name, at, value = text.rpartition("@")
    return (name, value) if at else (text, None)


def _none(text: str, value: str | None) -> float:
    if value is not None:
        raise CommandError(f"'{text}' takes no value: leave out @{value}")
    return 0.0


def _number(text: str, value: str | None, kind: str) -> float:
    low, high = _RANGES[kind]
    try:
        number = float(value) if value is not None else np.nan
    except ValueError:
        number = np.nan
    if not low <= number <= high:
        raise CommandError(f"'{text}' needs a number from {low:g} to {high:g} after @")
    return number


def _described(part: Part) -> str:
    """Return a part in full, for signatures."""
    if part.kind in VISUAL:
        return f"{part.kind}.{VISUAL[part.kind].version}"
    if part.kind in AUDIO:
        return f"{part.kind}.{AUDIO[part.kind].version}"
    if part.folder is not None:
        name = f"{part.kind}#{_folder_hash(part.folder)}"
    else:
        name = f"{part.kind}{part.talkers}" if part.kind == "babble" else part.kind
    suffix = ("-gaps" if part.kind in (*NOISES, "folder") else "-spans") if part.spans else ""
    return f"{name}{suffix}" if part.kind == "objects" else f"{name}{suffix}@{part.value:g}"


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
