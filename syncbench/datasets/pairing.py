"""Driving one clip's face with another clip's speech.

A pairs file has two columns, speech first and face second, as Wav2Lip's evaluation lists have
(Prajwal et al., ACM MM 2020, ``evaluation/test_filelists``)::

    6330311066473698535/00011 6330311066473698535/00018
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from syncbench import media
from syncbench.clip import FPS, Clip
from syncbench.dataset import Unusable
from syncbench.datasets.transcripts import read_lines
from syncbench.errors import ClipError, CommandError

__all__ = ["crossed", "derangement", "driven", "paired", "read_pairs"]

_UNHEARD = 0.2  # seconds of speech that may be cut off a clip's end before its transcript is doubted


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """Return the (speech, face) pairs of a two-column file: separated by a tab, or by blanks.

    Empty lines and lines starting with ``#`` are skipped. Raises CommandError where the file cannot be read, holds no
    pair, or has a line of another shape.
    """
    try:
        lines = read_lines(path)
    except ClipError as e:
        raise CommandError(str(e)) from e
    pairs: list[tuple[str, str]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = [part.strip() for part in line.split("\t")] if "\t" in line else line.split()
        if len(columns) != 2 or not all(columns):
            raise CommandError(
                f"{path}:{number}: needs two columns, the clip that speaks and the face, not '{line.strip()}'"
            )
        pairs.append((columns[0], columns[1]))
    if not pairs:
        raise CommandError(f"{path}: holds no pair; write one 'speech face' pair of clip ids a line")
    return pairs


def paired(clips: Sequence[Clip], pairs: Sequence[tuple[str, str]]) -> list[Clip | Unusable]:
    """Return one driving clip for each (speech, face) pair, in order.

    Clips are named by id; a file extension after the id is ignored. A pair naming an unknown clip is Unusable. A clip
    paired with itself is that clip, its own reference.
    """
    known = {clip.id: clip for clip in clips}
    result: list[Clip | Unusable] = []
    for speech, face in pairs:
        found = [known.get(name) or known.get(_without_extension(name)) for name in (face, speech)]
        if found[0] and found[1]:
            result.append(driven(found[0], found[1]))
        else:
            missing = " and ".join(f"'{name}'" for name, clip in zip((face, speech), found, strict=True) if not clip)
            reason = f"the pairs file names {missing}, which the dataset does not have among its usable clips"
            result.append(Unusable(f"{face}+{speech}", reason))
    return result


def crossed(clips: Sequence[Clip], seed: int = 0) -> list[Clip | Unusable]:
    """Return every clip's face driven by another clip's speech: a seeded derangement, in the order of ``clips``.

    The speech says other words wherever that is possible. Raises CommandError with fewer than two clips.
    """
    order = derangement([clip.transcript for clip in clips], seed)
    return [driven(clip, clips[other]) for clip, other in zip(clips, order, strict=True)]


def derangement(transcripts: Sequence[str | None], seed: int) -> list[int]:
    """Return a permutation that leaves none in its place and, wherever a swap can help, gives none its own words.

    Raises CommandError with fewer than two entries.
    """
    count = len(transcripts)
    if count < 2:
        raise CommandError(
            f"cross pairing needs at least two usable clips, not {count}; raise --limit or pair them 'self'"
        )
    rng = np.random.default_rng(seed)
    order = list(range(count))
    for last in range(count - 1, 0, -1):  # Sattolo's shuffle: one single cycle, so nobody stays
        other = int(rng.integers(last))
        order[last], order[other] = order[other], order[last]

    def clash(place: int, voice: int) -> bool:
        return place == voice or (transcripts[place] is not None and transcripts[place] == transcripts[voice])

    for place in range(count):
        if clash(place, order[place]):
            for other in range(count):
                if not clash(place, order[other]) and not clash(other, order[place]):
                    order[place], order[other] = order[other], order[place]
                    break
    return order


def driven(face: Clip, voice: Clip) -> Clip | Unusable:
    """Return ``face`` speaking with ``voice``: named ``face+voice``, as long as the shorter of both by their headers.

    Transcript and words are the voice's. Words that are cut off are left out; where more than 0.2 s of speech is cut
    off and no word times are known, the transcript is unknown. The video shows other speech, so ``real`` is False,
    and the face's own extras (landmarks, truth) are left out. A clip paired with itself comes back as it is.
    Unusable where either cannot be opened.
    """
    if face.id == voice.id:
        return face
    name = f"{face.id}+{voice.id}"
    if face.video is None:
        return Unusable(name, f"{face.id} has no video to drive")
    if voice.speech is None:
        return Unusable(name, f"{voice.id} has no speech to drive it with")
    try:
        heard = _seconds(voice)
        length = min(_seconds(face), heard)
    except ClipError as e:
        return Unusable(name, str(e))
    frames = int(length * FPS + 1e-6)
    if frames < 1:
        return Unusable(name, f"only {length:.3f} s of {face.id} and {voice.id} overlap, less than one frame")
    length = frames / FPS
    words = tuple(word for word in voice.words if word.end <= length + 0.5 / FPS)
    transcript = voice.transcript
    if len(words) < len(voice.words):
        transcript = " ".join(word.text for word in words)
    elif not words and heard - length > _UNHEARD:
        transcript = None
    return dataclasses.replace(
        face,
        id=name,
        video=dataclasses.replace(face.video, end=face.video.start + length),
        speech=dataclasses.replace(voice.speech, end=voice.speech.start + length),
        transcript=transcript,
        words=words,
        extras={},
        real=False,
    )


def _seconds(clip: Clip) -> float:
    """Return how long ``clip`` is, going by the header of its file."""
    recording = clip.video or clip.speech
    if recording is None:
        raise ClipError(f"{clip.id}: the clip has neither audio nor video")
    until = media.read_headers(recording.path).seconds
    if not until:
        until = media.count_frames(recording.path) / FPS
    return (until if recording.end is None else min(recording.end, until)) - recording.start


def _without_extension(name: str) -> str:
    return name[: name.rindex(".")] if "." in name.rsplit("/", 1)[-1] else name
