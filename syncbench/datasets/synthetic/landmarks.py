"""The exact 68 landmarks of a speaking face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench.datasets.synthetic.identity import Identity
from syncbench.datasets.synthetic.lips import TABLE, Lips, lips
from syncbench.datasets.synthetic.motion import Motion
from syncbench.datasets.synthetic.movement import head_pose, skin_shift
from syncbench.datasets.synthetic.portrait import CENTRE, MARGIN, outline, portrait

__all__ = ["landmarks"]

Array = NDArray[np.floating]


def _rest_points(person: Identity) -> NDArray[np.float64]:
    """Return the landmarks of the resting face, all but eyes and mouth, in dlib's order, NaN elsewhere."""
    points = np.full((68, 2), np.nan)
    points[:17] = outline(person, np.linspace(np.pi + 0.06, -0.06, 17))
    for first, side in ((17, -1.0), (22, 1.0)):
        s = np.linspace(10.5, -9.5, 5) if side < 0 else np.linspace(-9.5, 10.5, 5)
        t = np.clip((s + 11.0) / 22.5, 0, 1)
        ridge = person.eye_y + person.brow_y + 1.6 - person.brow_arch * np.sin(np.pi * np.clip(t * 0.92 + 0.12, 0, 1))
        points[first : first + 5] = np.stack([CENTRE + side * (person.eye_gap + s), ridge], -1)
    bridge = np.linspace(person.eye_y + 1, person.nose_y - 3, 4)
    points[27:31] = np.stack([np.full(4, CENTRE), bridge], -1)
    wing = np.array([-1, -0.5, 0, 0.5, 1])
    points[31:36] = np.stack(
        [CENTRE + wing * person.nose_width, person.nose_y + 2.2 - 0.9 * np.abs(wing) * 2 + 1.0], -1
    )
    return points


def _eye_points(person: Identity, side: float, blink: float) -> NDArray[np.float64]:
    """Return six points round an eye, from the left of the picture clockwise."""
    order = np.array([-1, -0.4, 0.4, 1, 0.4, -0.4]) * side
    top = np.array([0, 1, 1, 0, 0, 0], bool)
    t2 = 1 - order**2
    tilt = -person.eye_tilt * order
    rise = person.eye_height * t2**0.72 * (1 - 0.10 * order)
    sink = 0.52 * person.eye_height * t2**0.9 * (1 + 0.15 * order)
    y = person.eye_y + tilt + np.where(top, -rise * (1 - blink) + 0.8 * sink * blink, sink)
    return np.stack([CENTRE + side * (person.eye_gap + order * person.eye_width), y], -1)


_OUTER_S = np.array([-1, -0.62, -0.25, 0, 0.25, 0.62, 1, 0.62, 0.28, 0, -0.28, -0.62])
_INNER_S = np.array([-0.88, -0.33, 0, 0.33, 0.88, 0.33, 0, -0.33])


def _mouth_points(mouth: Lips) -> NDArray[np.float64]:
    """Return landmarks 48 to 67."""

    def at(curve: int, s: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([CENTRE + s * mouth.half, np.interp(s, TABLE, mouth.curves[:, curve])], -1)

    outer = np.concatenate([at(1, _OUTER_S[:1]), at(0, _OUTER_S[1:6]), at(1, _OUTER_S[6:7]), at(3, _OUTER_S[7:])])
    inner = np.concatenate([at(1, _INNER_S[:5]), at(2, _INNER_S[5:])])
    return np.concatenate([outer, inner])


def landmarks(person: Identity, articulators: NDArray[np.floating], move: Motion) -> Array:
    """Return the exact 68 points of each frame, float32 ``[T, 68, 2]``, pixels, dlib's order."""
    still = portrait(person)
    rest = _rest_points(person)
    points = np.empty((len(articulators), 68, 2))
    for frame, values in enumerate(articulators):
        mouth = lips(person, values)
        face = rest.copy()
        face[17:27, 1] -= move.brow[frame]
        skin = face[:17].copy()
        for _ in range(6):  # the warp is given where the skin is seen: find where it goes
            across, down = skin_shift(person, mouth, skin[:, 0].astype(np.float32), skin[:, 1].astype(np.float32))
            skin = rest[:17] + np.stack([across, down], -1)
        face[:17] = skin
        face[36:42] = _eye_points(person, -1.0, float(move.blink[frame]))
        face[42:48] = _eye_points(person, 1.0, float(move.blink[frame]))
        face[48:] = _mouth_points(mouth)
        seen = face.copy()
        for _ in range(4):
            index = np.clip(seen + MARGIN, 0, len(still.depth) - 1).astype(int)
            near = still.depth[index[:, 1], index[:, 0]] - 18.0
            seen = face + move.turn[frame] * near[:, None]
        matrix, offset = head_pose(move, frame)
        points[frame] = seen @ matrix.T + offset
    return points.astype(np.float32)
