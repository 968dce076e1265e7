"""Where skin and head go: the shift of skin by jaw and lips, and the pose of the head in the frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench.datasets.synthetic.identity import Identity
from syncbench.datasets.synthetic.lips import Lips
from syncbench.datasets.synthetic.motion import Motion
from syncbench.datasets.synthetic.portrait import CENTRE

__all__ = ["PIVOT", "head_pose", "skin_shift"]

Array = NDArray[np.floating]

PIVOT = np.array([CENTRE, 84.0], np.float32)


def skin_shift(person: Identity, mouth: Lips, x: Array, y: Array) -> tuple[Array, Array]:
    """Return by how much the skin seen at canonical ``x, y`` has been moved by jaw and lips."""
    my = person.mouth_y
    dx = x - CENTRE
    bottom = person.chin + mouth.jaw
    t = np.clip((y - my + 8) / (bottom - my + 8), 0, 1)
    ramp = t * t * (3 - 2 * t)
    a = np.clip(1 - np.abs(dx) / 62, 0, 1)
    down = mouth.jaw * ramp * (0.25 + 0.75 * a * a * (3 - 2 * a))
    near = np.exp(-((dx / (1.15 * mouth.half)) ** 2))
    t = np.clip((y - my + 3) / (max(mouth.drop, 0) + 8), 0, 1)
    fade = np.clip((bottom - y) / (bottom - my - max(mouth.drop, 0) - 2), 0, 1)
    down += near * (t * t * (3 - 2 * t)) * fade * (mouth.drop - 0.35 * mouth.jaw)
    up = np.clip(1 - np.abs(y - my + 5) / 11, 0, 1)
    down -= 0.6 * mouth.lift * near * up
    stretch = mouth.half / person.mouth_width - 1
    across = dx * stretch * np.exp(-((dx / 23) ** 2) - ((y - my - 0.5 * mouth.drop) / 13) ** 2) * 0.9
    return across, down


def head_pose(move: Motion, frame: int) -> tuple[Array, Array]:
    """Return matrix [2, 2] and offset [2] that take canonical points to the frame."""
    c, s = np.cos(move.roll[frame]), np.sin(move.roll[frame])
    matrix = (move.scale[frame] * np.array([[c, -s], [s, c]])).astype(np.float32)
    return matrix, (PIVOT + move.shift[frame] - matrix @ PIVOT).astype(np.float32)
