"""Which face of a video is meant: what users write, and the track it stands for in each shot.

==================================  ===================================================================================
``frame``                           no face is looked for: the picture is a face crop already
``auto``                            the only face; of several the one whose lips follow the speech
``largest``                         the most prominent one, by size and length
``active``                          the one whose lips follow the speech
``1``, ``2``, ...                   the most prominent one, the second, ...
``0.4,0.1,0.2,0.3``                 the one at this box: left, top, width, height, in shares of the picture, or in pixels
``0:0.4,0.1,0.2,0.3 2.5:...``       the same from so many seconds on: another for each shot
==================================  ===================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import FPS
from syncbench.errors import ClipError, CommandError
from syncbench.faces.tracks import Track

__all__ = ["WORDS", "Place", "check_face", "choose", "place_of", "places"]

WORDS = ("frame", "auto", "largest", "active")

_NUMBER = r"\d+(?:\.\d+)?"
_BOX = re.compile(rf"(?:(?P<time>{_NUMBER}):)?(?P<box>{_NUMBER}(?:,{_NUMBER}){{3}})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a face is from ``time`` seconds on: left, top, width and height, in shares of the picture or in pixels."""

    time: float
    box: tuple[float, float, float, float]

    def centre(self, width: int, height: int) -> NDArray[np.float64]:
        """Return the middle of the box in pixels of a picture of this size, ``[2]``."""
        left, top, across, down = self.box
        middle = np.array([left + across / 2, top + down / 2])
        return middle * (width, height) if max(self.box) <= 1 else middle


def check_face(face: str) -> str:
    """Return ``face`` where it says which one is meant. Raises CommandError."""
    if face not in WORDS and not (face.isdecimal() and int(face) >= 1) and not places(face):
        raise CommandError(
            f"face '{face}' says nothing: write auto, largest, active, frame, a number from 1 on, or left,top,width,height"
        )
    for place in places(face):
        left, top, across, down = place.box
        if not across or not down or (max(place.box) <= 1 and (left >= 1 or top >= 1)):
            raise CommandError(f"face '{face}': a box is left,top,width,height in shares of the picture, or in pixels")
    return face


def places(face: str) -> tuple[Place, ...]:
    """Return the boxes that ``face`` consists of; none where it is something else."""
    found: list[Place] = []
    for word in face.split():
        match = _BOX.fullmatch(word)
        if match is None:
            return ()
        left, top, width, height = (float(number) for number in match["box"].split(","))
        found.append(Place(float(match["time"] or 0), (left, top, width, height)))
    return tuple(found)


def place_of(track: Track, shot: int, width: int, height: int) -> str:
    """Return a track as users write a face: where it is from the shot's first frame on, in shares of the picture."""
    left, top, right, bottom = np.median(track.boxes, axis=0) / (width, height, width, height)
    return f"{shot / FPS:g}:{left:.4f},{top:.4f},{right - left:.4f},{bottom - top:.4f}".replace("-0.", "0.")


def choose(tracks: Sequence[Track], face: str, shot: int, width: int, height: int) -> Track | None:
    """Return the track of one shot that is meant, None where there is none.

    ``tracks``: of the shot, the most prominent first; ``shot``: its first frame. ``auto`` and ``active`` stand for the
    most prominent here: who knows the speech says instead where the speaker is. Raises ClipError where a box lies outside
    the picture.
    """
    if not tracks:
        return None
    if face.isdecimal():
        return tracks[int(face) - 1] if int(face) <= len(tracks) else None
    here = [place for place in places(face) if place.time <= (shot + 0.5) / FPS]
    if not here:
        return tracks[0]
    wanted = here[-1].centre(width, height)
    if not (0 <= wanted[0] <= width and 0 <= wanted[1] <= height):
        raise ClipError(f"--face {face}: that box lies outside the picture of {width} x {height}")
    return min(tracks, key=lambda track: float(np.linalg.norm(_middle(track) - wanted)))


def _middle(track: Track) -> NDArray[np.float64]:
    box: NDArray[np.float64] = np.median(track.boxes, axis=0)
    return (box[:2] + box[2:]) / 2
