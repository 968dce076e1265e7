"""A speaking face: articulators and head motion in, frames out.

The still portrait is warped by the jaw, the lips and the head; lips, teeth, tongue and eyes are painted on each frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames
from syncbench.datasets.synthetic.articulation import ARTICULATORS
from syncbench.datasets.synthetic.identity import Identity
from syncbench.datasets.synthetic.lips import Lips, lips
from syncbench.datasets.synthetic.motion import Camera, Motion
from syncbench.datasets.synthetic.movement import PIVOT, head_pose, skin_shift
from syncbench.datasets.synthetic.painter import Painter
from syncbench.datasets.synthetic.portrait import CENTRE, FINE, MARGIN, SIZE, Portrait
from syncbench.datasets.synthetic.sampling import bilinear

__all__ = ["render"]

Array = NDArray[np.floating]


def _window(
    centre: Array, x: float, y: float, reach_x: float, up: float, down: float, scale: float
) -> tuple[slice, slice]:
    left, right = int(centre[0] + scale * x - reach_x * scale), int(centre[0] + scale * x + reach_x * scale) + 2
    top, bottom = int(centre[1] + scale * y - up * scale), int(centre[1] + scale * y + down * scale) + 2
    return slice(max(top, 0), min(bottom, SIZE)), slice(max(left, 0), min(right, SIZE))


def render(
    person: Identity,
    articulators: NDArray[np.floating],
    move: Motion,
    film: Camera,
    rng: np.random.Generator,
) -> Frames:
    """Return frames uint8 ``[T, 160, 160, 3]``.

    Args:
        person: who speaks.
        articulators: ``[T, 8]``, columns ``ARTICULATORS``.
        move: head motion of as many frames.
        film: camera of the clip.
        rng: noise of the camera.
    """
    painter = Painter(person)
    frames = np.empty((len(articulators), SIZE, SIZE, 3), np.uint8)
    at = np.arange(SIZE, dtype=np.float32) + 0.5
    gx, gy = np.meshgrid(at, at)
    plate = _scenery(painter.portrait, move, gx, gy)
    depth = painter.portrait.depth - 18.0
    noise = rng.standard_normal((SIZE + 64, SIZE + 64, 3), dtype=np.float32)
    noise += 0.6 * np.roll(noise, 1, 1)
    noise *= film.noise / 255 / noise.std()
    offsets = rng.integers(0, 64, (len(frames), 2))
    flicker = 1 + 0.004 * rng.standard_normal(len(frames))
    gain = np.array(film.gain, np.float32)
    tones = _tones(film.gamma)
    aim = [ARTICULATORS.index(name) for name in ARTICULATORS]
    for frame in range(len(frames)):
        values = np.asarray(articulators[frame], np.float32)[aim]
        mouth = lips(person, values)
        matrix, offset = head_pose(move, frame)
        inverse = np.linalg.inv(matrix).astype(np.float32)
        ux = inverse[0, 0] * (gx - offset[0]) + inverse[0, 1] * (gy - offset[1])
        uy = inverse[1, 0] * (gx - offset[0]) + inverse[1, 1] * (gy - offset[1])
        near = depth[
            np.clip(uy + MARGIN, 0, len(depth) - 1).astype(np.int32),
            np.clip(ux + MARGIN, 0, len(depth) - 1).astype(np.int32),
        ]
        ux -= move.turn[frame, 0] * near
        uy -= move.turn[frame, 1] * near
        sx, sy = ux.copy(), uy.copy()
        _move_skin(person, mouth, float(move.brow[frame]), ux, uy, sx, sy)
        layer = bilinear(painter.head, (sx + MARGIN) * FINE - 0.5, (sy + MARGIN) * FINE - 0.5)
        canvas = plate * (1 - layer[..., 3:])
        canvas += layer[..., :3]
        zoom = float(move.scale[frame])
        centre = offset + matrix @ np.array([CENTRE, 0], np.float32)
        tilt = 8.0  # px of slack for roll and parallax
        rows, cols = _window(centre, 0, person.mouth_y, 30 + tilt, 12 + tilt, 24 + tilt, zoom)
        painter.mouth(canvas[rows, cols], ux[rows, cols], uy[rows, cols], mouth, values)
        for side in (-1.0, 1.0):
            rows, cols = _window(centre, side * person.eye_gap, person.eye_y, 11 + 5, 7 + 5, 6 + 5, zoom)
            painter.eye(
                canvas[rows, cols], ux[rows, cols], uy[rows, cols], side, float(move.blink[frame]), move.gaze[frame]
            )
        if film.blur > 0:
            canvas[:, 1:-1] += film.blur * (canvas[:, 2:] + canvas[:, :-2] - 2 * canvas[:, 1:-1])
            canvas[1:-1] += film.blur * (canvas[2:] + canvas[:-2] - 2 * canvas[1:-1])
        canvas *= gain * np.float32(flicker[frame])
        top, left = offsets[frame]
        canvas += noise[top : top + SIZE, left : left + SIZE]
        canvas *= 1023
        frames[frame] = tones.take(np.clip(canvas, 0, 1023).astype(np.int32))
    return frames


def _tones(gamma: float) -> NDArray[np.uint8]:
    """Return the film's curve, 1024 levels in, 256 out, with a soft shoulder."""
    level = np.linspace(0, 1, 1024) ** gamma
    level = np.where(level > 0.85, 0.85 + 0.15 * np.tanh((level - 0.85) / 0.15) / np.tanh(1.0), level)
    return (255 * level + 0.5).astype(np.uint8)


def _scenery(still: Portrait, move: Motion, gx: Array, gy: Array) -> Array:
    """Return the plate behind the head, framed as the clip's mean pose."""
    n = still.plate.shape[0]
    zoom = float(move.scale.mean())
    shift = move.shift.mean(0)
    x = (gx - PIVOT[0] - shift[0]) / zoom + PIVOT[0]
    y = (gy - PIVOT[1] - shift[1]) / zoom + PIVOT[1]
    return bilinear(still.plate.reshape(n * n, 3), x + MARGIN - 0.5, y + MARGIN - 0.5)


def _move_skin(person: Identity, mouth: Lips, brow: float, ux: Array, uy: Array, sx: Array, sy: Array) -> None:
    """Turn seen positions into positions on the portrait, in place, where jaw, lips or brows moved the skin."""
    low = np.flatnonzero((uy > person.mouth_y - 20).any(1))
    if len(low):
        rows = slice(low[0], None)
        across, down = skin_shift(person, mouth, ux[rows], uy[rows])
        sx[rows] -= across
        sy[rows] -= down
    if brow:
        ridge = person.eye_y + person.brow_y
        band = np.flatnonzero((np.abs(uy - ridge) < 14).any(1))
        if len(band):
            rows = slice(band[0], band[-1] + 1)
            t = np.clip(1 - np.abs(uy[rows] - ridge + 1) / 11, 0, 1)
            sy[rows] += brow * t * t * (3 - 2 * t)
