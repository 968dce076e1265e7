"""Where the face is that a clip is about: features over any face detector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import FPS, Clip
from syncbench.errors import ClipError
from syncbench.faces.choice import choose, places
from syncbench.faces.crops import face_squares, frame_square, is_cropped
from syncbench.faces.detector import Detector
from syncbench.faces.shots import cuts, thumbnails
from syncbench.faces.tracks import Track, link
from syncbench.feature import Feature, Features
from syncbench.features.frames import FOOTAGE, SHAPE
from syncbench.media import Footage, spans

__all__ = ["EVERY", "FaceFinder", "Shot", "detections", "face", "seen_between", "shots_of", "sighted"]

EVERY = 5
"""A detector looks at every fifth frame, and at the first and last of each shot; boxes between are interpolated."""


@dataclass(frozen=True)
class FaceFinder:
    """Who finds the face that a clip is about. Found by the entry points ``syncbench.faces``.

    Attributes:
        label: the networks that decide, such as ``mtcnn@45209c89+expert@5b0e4c32``.
        squares: feature: the square around the face, see :func:`face`.
        place: a clip whose face is ``auto`` or ``active`` -> where the face is, as ``Clip.face`` says it; ``auto`` where
            there is but one. Raises ClipError where that cannot be told.
    """

    label: str
    squares: Feature
    place: Callable[[Features], str]


@dataclass(frozen=True, slots=True)
class Shot:
    """One shot of a video, from frame ``start`` up to ``stop``, and the faces in it, the most prominent first."""

    start: int
    stop: int
    tracks: tuple[Track, ...]


def detections(detector: Detector) -> Feature:
    """Return the feature of what a detector finds in a clip's video, a mapping:

    - ``shots``: the first frame of each shot, int64 ``[S]``;
    - ``looked``: the frames looked at, int64 ``[M]``;
    - ``found``: the faces, float32 ``[N, 6]``: which of the frames looked at, left, top, right, bottom, score.
    """

    def find(clip: Clip, footage: Footage) -> dict[str, NDArray[np.generic]]:
        return _look_through(detector, footage) if clip.face != "frame" else dict(_UNASKED)

    return Feature(
        f"faces[{detector.label}]",
        find,
        reads=frozenset({"face"}),
        needs=(FOOTAGE,),
        weights=detector.weights,
        stored=True,
    )


_UNASKED: dict[str, NDArray[np.generic]] = {
    "shots": np.zeros(1, np.int64), "looked": np.zeros(0, np.int64), "found": np.zeros((0, 6), np.float32)
}  # fmt: skip


def _look_through(detector: Detector, footage: Footage) -> dict[str, NDArray[np.generic]]:
    shots, looked, found = [np.zeros(0, np.int64)], list[int](), [np.zeros((0, 6), np.float32)]
    before: NDArray[np.float32] | None = None
    for span in spans(footage):
        frames = footage[span]
        small = thumbnails(frames)
        starts = cuts(small) if before is None else cuts(np.concatenate([before, small]))[1:] - 1
        before = small[-1:]
        shots.append(starts + span.start)
        ends = {int(start) + span.start + step for start in starts for step in (-1, 0)} | {len(footage) - 1}
        here = [n for n in range(span.start, span.stop) if n % EVERY == 0 or n in ends]
        for number, boxes in zip(here, detector.find(frames[[n - span.start for n in here]]), strict=True):
            found.append(np.column_stack([np.full(len(boxes), len(looked), np.float32), boxes[:, :5]]))
            looked.append(number)
    return {"shots": np.concatenate(shots), "looked": np.array(looked, np.int64), "found": np.concatenate(found)}


def shots_of(found: Mapping[str, NDArray[np.generic]], length: int) -> list[Shot]:
    """Return the shots of a video of ``length`` frames with their faces, from :func:`detections`."""
    starts = found["shots"].astype(int).tolist()
    looked, boxes = found["looked"].astype(int), found["found"].astype(np.float64)
    shots: list[Shot] = []
    for start, stop in zip(starts, [*starts[1:], length], strict=True):
        rows = np.flatnonzero((looked >= start) & (looked < stop))
        tracks = link(looked[rows].tolist(), [boxes[boxes[:, 0] == row, 1:] for row in rows], start, stop)
        shots.append(Shot(start, stop, tuple(tracks)))
    return shots


def face(detector: Detector) -> Feature:
    """Return the feature of the square around a clip's face, float32 ``[T, 3]``: left, top, side in whole pixels.

    NaN where no face is. Where the picture is a face crop already, or ``Clip.face`` says so, it is the square around the
    whole picture.
    """

    def squares(clip: Clip, found: Mapping[str, NDArray[np.generic]], shape: NDArray[np.int64]) -> NDArray[np.float32]:
        length, height, width = shape.tolist()
        whole = np.tile(frame_square(width, height), (length, 1))
        if clip.face == "frame":
            return whole
        shots = shots_of(found, length)
        chosen = [
            (slice(start, stop), choose(shot.tracks, clip.face, start, width, height))
            for shot in shots
            for start, stop in _parts(shot, clip.face)
        ]
        tracks = [track for _, track in chosen if track is not None]
        several = any(len(shot.tracks) > 1 for shot in shots)
        if tracks and not several and is_cropped(np.concatenate([t.boxes for t in tracks]), width, height):
            return whole
        placed = np.full((length, 3), np.nan, np.float32)
        for part, track in chosen:
            if track is not None:
                first, last = max(part.start, track.start), min(part.stop, track.stop)
                placed[first:last] = face_squares(track.boxes)[first - track.start : last - track.start]
        if np.isnan(placed).all():
            raise ClipError(f"no frame shows a face that {detector.name} finds: {_advice(clip.face)}")
        return placed

    return Feature(f"face[{detector.label}]", squares, reads=frozenset({"face"}), needs=(detections(detector), SHAPE))


def sighted(detector: Detector) -> Feature:
    """Return the feature of the frames that show the clip's face to a detector, bool ``[T]``.

    For evaluators that look at whole squares and have no landmarks: a crop must show a face as well. Raises ClipError where
    no frame does.
    """

    def see(
        footage: Footage, found: Mapping[str, NDArray[np.generic]], squares: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        seen = np.zeros(len(footage), bool)
        if not len(found["looked"]):  # in a face crop nobody has looked yet
            found = _look_through(detector, footage)
        for shot in shots_of(found, len(footage)):
            for track in shot.tracks:
                seen[track.start : track.stop] = True
        seen &= np.isfinite(squares).all(axis=1)
        if not seen.any():
            raise ClipError(f"no frame shows a face that {detector.name} finds: {_advice('frame')}")
        return seen

    return Feature(
        f"sighted[{detector.label}]",
        see,
        needs=(FOOTAGE, detections(detector), face(detector)),
        weights=detector.weights,
        stored=True,
    )


def _parts(shot: Shot, face: str) -> list[tuple[int, int]]:
    """Return the stretches of a shot for which ``face`` names one place each: first frame, and the one after the last."""
    times = {round(place.time * FPS) for place in places(face)}
    bounds = [shot.start, *sorted(time for time in times if shot.start < time < shot.stop), shot.stop]
    return list(pairwise(bounds))


def _advice(face: str) -> str:
    if face.isdecimal():
        return f"there are fewer than the {face} that --face asks for"
    return "it may be too small, turned away or dark, or not there"


def seen_between(found: NDArray[np.bool_], lost: int) -> NDArray[np.bool_]:
    """Return which frames ``[T]`` show a face or lie in a gap of at most ``lost`` frames where it was lost."""
    at = np.flatnonzero(found)
    seen = found.copy()
    if not len(at):
        return seen
    for before, after in zip([-1, *at.tolist()], [*at.tolist(), len(found)], strict=True):
        if after - before - 1 <= lost:
            seen[before + 1 : after] = True
    return seen
