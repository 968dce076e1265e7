"""Faces followed through a shot: boxes of single frames linked by overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LOST", "MIN_SCORE", "MIN_SHARE", "MIN_SIDE", "Track", "link", "overlap"]

LOST = 25
"""Frames that a face may be lost and still be one track; the boxes between are interpolated."""
MIN_SCORE = 0.9
"""Least mean score of a track: textures now and then look like a face to a detector, but not for long."""
MIN_SIDE = 20.0
"""Least mean longer side of a track's boxes, in pixels: nothing can be seen of smaller lips."""
MIN_SHARE = 0.5
"""Least share of the frames looked at, from a track's first to its last, in which the face was found."""
_SAME = 0.3  # overlap from which on two boxes some frames apart are of one face


@dataclass(frozen=True, slots=True)
class Track:
    """One face through a shot.

    Attributes:
        start: first frame.
        boxes: ``[n, 4]``, left, top, right, bottom in pixels in frames ``start`` to ``start + n - 1``.
        score: mean of the detector's scores, 0..1.
    """

    start: int
    boxes: NDArray[np.float64]
    score: float

    @property
    def stop(self) -> int:
        """The frame after the last one."""
        return self.start + len(self.boxes)

    @property
    def side(self) -> float:
        """Median of the longer sides, in pixels."""
        return float(np.median((self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1)))


def overlap(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Return how far two boxes overlap, 0..1: their intersection over their union."""
    width, height = np.minimum(a[2:4], b[2:4]) - np.maximum(a[:2], b[:2])
    if width <= 0 or height <= 0:
        return 0.0
    shared = float(width * height)
    return shared / (float(np.prod(a[2:4] - a[:2])) + float(np.prod(b[2:4] - b[:2])) - shared)


def link(looked: Sequence[int], found: Sequence[NDArray[np.floating]], start: int, stop: int) -> list[Track]:
    """Return the faces of one shot, the most prominent first: by size and length.

    A box joins the track whose last box it overlaps most; a face lost for over ``LOST`` frames is another track. A track
    reaches to the frames looked at before and after it, where the face may have come or gone.

    Args:
        looked: the frames looked at, ascending.
        found: what the detector found in each of them, ``[n, 5]``: box and score.
        start, stop: the shot's first frame, and the one after its last.
    """
    open_: list[list[tuple[int, NDArray[np.floating]]]] = []  # of each track the frames and boxes so far
    for frame, boxes in zip(looked, found, strict=True):
        near = [track for track in open_ if frame - track[-1][0] <= LOST]
        pairs = sorted(
            ((overlap(track[-1][1], box), i, j) for i, track in enumerate(near) for j, box in enumerate(boxes)),
            key=lambda pair: -pair[0],
        )
        taken: set[int] = set()
        joined: set[int] = set()
        for share, i, j in pairs:
            if share >= _SAME and i not in joined and j not in taken:
                near[i].append((frame, boxes[j]))
                joined.add(i)
                taken.add(j)
        open_ += [[(frame, box)] for j, box in enumerate(boxes) if j not in taken]
    tracks = [track for points in open_ if (track := _track(points, looked, start, stop)) is not None]
    return sorted(tracks, key=lambda track: -(track.side**2) * len(track.boxes))


def _track(
    points: list[tuple[int, NDArray[np.floating]]], looked: Sequence[int], start: int, stop: int
) -> Track | None:
    frames = np.array([frame for frame, _ in points])
    rows = np.array([box for _, box in points], np.float64)  # [n, 5]
    looks = [frame for frame in looked if frames[0] <= frame <= frames[-1]]
    side = (rows[:, 2:4] - rows[:, :2]).max(axis=1).mean()
    if rows[:, 4].mean() < MIN_SCORE or side < MIN_SIDE or len(points) < MIN_SHARE * len(looks):
        return None
    if len(points) == 1 and len(looked) > 2:
        return None  # seen once and never again
    before = max((frame for frame in looked if frame < frames[0]), default=start - 1)
    after = min((frame for frame in looked if frame > frames[-1]), default=stop)
    times = np.arange(before + 1, after)
    boxes = np.stack([np.interp(times, frames, column) for column in rows[:, :4].T], axis=1)
    return Track(before + 1, boxes, float(rows[:, 4].mean()))
