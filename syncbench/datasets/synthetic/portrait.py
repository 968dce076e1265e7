"""The still parts of a face: skin, nose, brows, hair, ears, neck and background, painted once per speaker.

A height field of the head is lit by one soft lamp and the sky; colours, hair and beard are painted on it. The result
is a texture of the head with coverage, twice as fine as the frame, and a plate of what stands behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from syncbench.datasets.synthetic.identity import Colour, Identity

__all__ = ["CENTRE", "FINE", "MARGIN", "SIZE", "Portrait", "outline", "portrait", "soft", "step"]

Array = NDArray[np.floating]

SIZE = 160
MARGIN = 20
FINE = 2
CENTRE = 80.0
_SKULL_Y = 72.0
_CROWN = 14.0
_LENGTHS = {"long": 178.0, "curls": 148.0, "bob": 126.0, "fringe": 172.0, "sweep": 165.0}


@dataclass(frozen=True, slots=True)
class Portrait:
    """Textures on the canonical grid from ``-MARGIN`` to ``SIZE + MARGIN``.

    Attributes:
        head: premultiplied RGBA float32 ``[N, N, 4]``, ``N = FINE * (SIZE + 2 * MARGIN)``.
        depth: nearness to the camera in pixels, float32 ``[SIZE + 2 * MARGIN] * 2``.
        plate: background, neck and clothes, RGB float32 ``[SIZE + 2 * MARGIN, SIZE + 2 * MARGIN, 3]``.
        relief: the brightness of the light at the mouth, for lips painted later.
    """

    head: Array
    depth: Array
    plate: Array
    relief: float


def soft(distance: Array, width: float = 1.0) -> Array:
    """Return coverage 0..1 of a signed distance in pixels, positive inside."""
    result: Array = np.clip(distance / width + 0.5, 0.0, 1.0).astype(np.float32)
    return result


def step(x: Array, low: float, high: float) -> Array:
    """Return the smooth step from 0 at ``low`` to 1 at ``high``."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    result: Array = (t * t * (3 - 2 * t)).astype(np.float32)
    return result


def _rho(person: Identity, x: Array, y: Array) -> Array:
    """Return 0 at the middle of the head and 1 on its outline."""
    below = np.clip((y - _SKULL_Y) / (person.chin - _SKULL_Y), 0, 1.6)
    half = person.half_width * (1 - person.taper * below**1.5)
    ratio = np.where(y < _SKULL_Y, (_SKULL_Y - y) / (_SKULL_Y - _CROWN), (y - _SKULL_Y) / (person.chin - _SKULL_Y))
    power = np.where(y < _SKULL_Y, 2.3, person.squareness)
    result: Array = ((np.abs(x - CENTRE) / half) ** power + np.abs(ratio) ** power) ** (1 / power)
    return result


def outline(person: Identity, angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points ``[len(angles), 2]`` on the outline of the head; angle 0 points right, pi/2 down."""
    radii = np.linspace(10, 90, 641)[None]
    x = CENTRE + radii * np.cos(angles)[:, None]
    y = _SKULL_Y + radii * np.sin(angles)[:, None]
    inside = (_rho(person, x.astype(np.float32), y.astype(np.float32)) < 0.985).sum(1)
    radius = radii[0, np.minimum(inside, 640)]
    return np.stack([CENTRE + radius * np.cos(angles), _SKULL_Y + radius * np.sin(angles)], -1)


def _bump(x: Array, y: Array, cx: float, cy: float, sx: float, sy: float) -> Array:
    return np.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2).astype(np.float32)


def _pair(x: Array, y: Array, dx: float, cy: float, sx: float, sy: float) -> Array:
    return _bump(x, y, CENTRE - dx, cy, sx, sy) + _bump(x, y, CENTRE + dx, cy, sx, sy)


def _height(person: Identity, x: Array, y: Array) -> Array:
    """Return the height field of head and features, in pixels towards the camera."""
    rho = np.minimum(_rho(person, x, y), 1.0)
    z = 34 * np.sqrt(np.maximum(1 - rho**2.5, 0))
    ey, ny, my = person.eye_y, person.nose_y, person.mouth_y
    nose = person.nose_height
    ridge = np.clip((y - ey + 4) / (ny - ey), 0, 1)
    z += nose * ridge**1.25 * np.exp(-(((x - CENTRE) / (3.6 + 2.4 * ridge)) ** 2)) * soft(ny + 2.5 - y, 6)
    z += 2.8 * _bump(x, y, CENTRE, ny - 2.0, 4.6, 4.2)
    z += 2.6 * _pair(x, y, person.nose_width - 1.0, ny - 0.2, 3.2, 3.0)
    z += 2.0 * _pair(x, y, 17, ey - 10, 13, 4.5)
    z -= 2.8 * _pair(x, y, person.eye_gap - 1.0, ey - 1.5, 9.5, 5.5)
    z += 1.6 * _pair(x, y, person.eye_gap, ey, 7.5, 4.2)
    z += 2.6 * person.cheeks * _pair(x, y, 24, ey + 19, 11, 9)
    z += 3.6 * _bump(x, y, CENTRE, my - 1, 17, 12)
    z -= 0.5 * _bump(x, y, CENTRE, my - 10, 1.7, 4.0)
    z -= 1.4 * _bump(x, y, CENTRE, my + 11, 11, 3.5)
    z += 3.2 * _bump(x, y, CENTRE, person.chin - 8, 9, 6.5)
    z -= (0.5 + 1.1 * person.age) * _fold(person, x, y)
    return z.astype(np.float32)


def _fold(person: Identity, x: Array, y: Array) -> Array:
    """Return the crease from the nose to beside the mouth."""
    t = np.clip((y - person.nose_y) / (person.mouth_y + 3 - person.nose_y), 0, 1)
    at = person.nose_width + 2 + (person.mouth_width - person.nose_width + 3) * t**1.3
    ends = soft(y - person.nose_y + 1, 5) * soft(person.mouth_y + 5 - y, 7)
    result: Array = (np.exp(-(((np.abs(x - CENTRE) - at) / 2.0) ** 2)) * ends).astype(np.float32)
    return result


def _noise(rng: np.random.Generator, shape: tuple[int, int], sigma: float | tuple[float, float]) -> Array:
    field = rng.standard_normal(shape, dtype=np.float32)
    field = gaussian_filter(field, sigma, mode="wrap", truncate=2.5)
    result: Array = (field / field.std()).astype(np.float32)
    return result


def _strands(rng: np.random.Generator, along: Array, scale: float) -> Array:
    """Return hair-like noise that varies along one coordinate only."""
    table = rng.standard_normal(4096)
    table = gaussian_filter1d(table, 1.2) * 1.4 + gaussian_filter1d(table, 5) * 2.2
    table /= table.std()
    result: Array = np.interp((along * scale) % 4096, np.arange(4096), table).astype(np.float32)
    return result


def _over(canvas: Array, colour: Array | Colour, cover: Array) -> None:
    """Paint a colour on premultiplied RGBA, in place."""
    rows, cols = np.flatnonzero(cover.any(1)), np.flatnonzero(cover.any(0))
    if not len(rows):
        return
    box = (slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1))
    part, a = canvas[box], cover[box][..., None]
    paint = np.asarray(colour, np.float32)
    part[..., :3] = part[..., :3] * (1 - a) + (paint[box] if paint.ndim == 3 else paint) * a
    part[..., 3:] = part[..., 3:] * (1 - a) + a


def _lit(z: Array, light: Colour, fine: int) -> tuple[Array, Array, Array]:
    """Return diffuse, sky and gloss terms of a height field."""
    gy, gx = np.gradient(z, 1 / fine)
    length = np.sqrt(gx * gx + gy * gy + 1)
    nx, ny, nz = -gx / length, -gy / length, 1 / length
    lamp = nx * light[0] + ny * light[1] + nz * light[2]
    half = np.array(light) + np.array([0, 0, 1.0])
    half /= np.linalg.norm(half)
    gloss = np.clip(nx * half[0] + ny * half[1] + nz * half[2], 0, 1)
    return (
        np.clip((lamp + 0.25) / 1.25, 0, 1).astype(np.float32),
        (0.5 - 0.5 * ny).astype(np.float32),
        gloss.astype(np.float32),
    )


def _skin(person: Identity, x: Array, y: Array, rng: np.random.Generator) -> Array:
    """Return the lit skin ``[N, N, 3]``."""
    z = _height(person, x, y)
    diffuse, sky, gloss = _lit(gaussian_filter(z, 1.0), person.light, FINE)
    skin = np.array(person.skin, np.float32)
    albedo = np.broadcast_to(skin, (*x.shape, 3)).copy()
    warm = np.array([1.0, 0.80, 0.78], np.float32)
    red = 0.45 * person.blush * _pair(x, y, 23, person.eye_y + 20, 10, 8)
    red = red + 0.35 * _bump(x, y, CENTRE, person.nose_y - 2, 6, 5)
    albedo *= 1 - red[..., None] * (1 - warm)
    shade = 0.16 * _pair(x, y, person.eye_gap, person.eye_y - 1, 10, 5.5)
    shade = shade + (0.06 + 0.1 * person.age) * _pair(x, y, person.eye_gap - 1, person.eye_y + 7, 8, 3)
    albedo *= (1 - shade)[..., None] * np.array([1.0, 0.985, 1.0], np.float32) ** (shade[..., None] * 10)
    if person.freckles > 0:
        spots = np.clip(_noise(rng, x.shape, 0.9) - 1.5, 0, 1) * _bump(x, y, CENTRE, person.eye_y + 17, 30, 11)
        albedo *= 1 - person.freckles * spots[..., None] * np.array([0.22, 0.32, 0.36], np.float32)
    albedo *= 1 + 0.012 * _noise(rng, x.shape, 0.9)[..., None] + 0.014 * _noise(rng, x.shape, 4.0)[..., None]
    if person.age > 0.45:
        lines = np.sin((y - 40 + 0.02 * (x - CENTRE) ** 2 * 0.3) * 1.05) ** 8 * _bump(x, y, CENTRE, 47, 22, 7)
        albedo *= 1 - 0.10 * person.age * lines[..., None]

    occlusion = np.clip((gaussian_filter(z, 9.0, truncate=2.5) - z) / 7, -0.4, 1.0)
    tint = np.array([1.0, 0.90, 0.86], np.float32)  # shadows on skin are warm
    key = 0.34 + 0.26 * sky + 0.56 * diffuse
    lit = albedo * key[..., None] ** (1.0 + 0.35 * (1 - tint))
    lit *= 1 - 0.30 * np.clip(occlusion, -0.25, 1)[..., None] * np.array([0.8, 1.0, 1.05], np.float32)
    lit += 0.10 * (gloss**28)[..., None] * (0.7 + 0.6 * skin.mean()) + 0.05 * (gloss**8)[..., None] * skin
    result: Array = np.clip(lit, 0, 1).astype(np.float32)
    return result


def _paint_features(person: Identity, canvas: Array, x: Array, y: Array, rng: np.random.Generator) -> None:
    """Nostrils, lid creases and brows."""
    skin = np.array(person.skin, np.float32)
    ny, w = person.nose_y, person.nose_width
    dark = skin * np.array([0.34, 0.22, 0.22], np.float32)
    nostril = _pair(x, y, 0.47 * w, ny + 1.9, 1.75, 1.0)
    _over(canvas, dark, (np.clip(1.3 * nostril, 0, 1) * 0.78 * canvas[..., 3]).astype(np.float32))
    wing = np.exp(-(((np.abs(x - CENTRE) - w - 0.9) / 0.9) ** 2) - ((y - ny + 0.5) / 2.8) ** 2)
    _over(canvas, skin * 0.55, (0.30 * wing * canvas[..., 3]).astype(np.float32))
    under = np.exp(-(((y - ny - 3.6) / 1.5) ** 2) - ((x - CENTRE) / (0.95 * w)) ** 2)
    _over(canvas, skin * np.array([0.6, 0.46, 0.42], np.float32), (0.32 * under).astype(np.float32))

    strokes = _noise(rng, x.shape, (1.6, 1.1))
    for side in (-1.0, 1.0):
        s = side * (x - CENTRE) - person.eye_gap  # from the inner to the outer corner
        lid = person.eye_y - (person.eye_height + 2.1) * (1 - np.clip(np.abs(s) / (person.eye_width + 1.5), 0, 1) ** 2)
        crease = np.exp(-(((y - lid - 0.6) / 0.75) ** 2)) * soft(person.eye_width + 0.5 - np.abs(s), 4)
        _over(canvas, skin * np.array([0.5, 0.36, 0.32], np.float32), (0.42 * crease).astype(np.float32))
        t = np.clip((s + 11.0) / 22.5, 0, 1)
        ridge = person.eye_y + person.brow_y + 1.6 - person.brow_arch * np.sin(np.pi * np.clip(t * 0.92 + 0.12, 0, 1))
        weight = person.brow_weight * (1.12 - 0.75 * t**1.6)
        reach = soft(s + 10.8, 3) * soft(11.8 - s, 2)
        cover = soft(weight - np.abs(y - ridge - 0.15 * strokes), 2.0) * reach * np.clip(0.86 + 0.10 * strokes, 0, 1)
        brow = np.array(person.hair, np.float32) * 0.72 + 0.03
        _over(canvas, brow, (0.86 * cover).astype(np.float32))


def _paint_beard(person: Identity, canvas: Array, x: Array, y: Array, rng: np.random.Generator) -> None:
    if person.beard == "none":
        return
    my, dx = person.mouth_y, np.abs(x - CENTRE)
    grain = _noise(rng, x.shape, (1.1, 0.6))
    coarse = _noise(rng, x.shape, 3.0)
    cheek = person.nose_y + 4 - 0.028 * (dx - 12) * np.clip(dx - 12, 0, 60)
    lower = soft(y - cheek - 4 - 1.2 * coarse, 8)
    moustache = soft(9.2 - np.abs(y - my + 1.5), 4) * soft(person.mouth_width + 4.5 - dx + 0.8 * coarse, 6)
    philtrum = 1 - 0.5 * _bump(x, y, CENTRE, my - 9, 1.6, 3)
    patch = 1 - 0.75 * _pair(x, y, 9, my + 10, 5, 3.2)  # bare skin beside the soul patch
    goatee = soft(15 - np.sqrt((dx / 1.05) ** 2 + ((y - my - 12) / 1.35) ** 2) + 0.8 * coarse, 5)
    area = {
        "stubble": np.maximum(lower, moustache * philtrum) * patch,
        "full": np.maximum(lower, moustache * philtrum) * patch,
        "goatee": np.maximum(goatee * patch, moustache * philtrum),
    }[person.beard]
    area = area * soft(y - person.nose_y - 3.2, 4)
    strength = 0.30 if person.beard == "stubble" else 0.86
    cover = area * np.clip(strength * (0.86 + 0.15 * grain), 0, 1) * canvas[..., 3]
    shading = canvas[..., :3].mean(-1, keepdims=True) / max(float(np.mean(person.skin)), 0.1)
    hair = np.array(person.hair, np.float32) * (0.55 + 0.55 * np.clip(shading, 0, 1.3)) * (1 + 0.10 * grain[..., None])
    _over(canvas, np.clip(hair, 0, 1).astype(np.float32), cover.astype(np.float32))


def _hair_cover(person: Identity, x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, float]:
    """Return where hair is, and how high it stands above the skull."""
    style = person.hair_style
    dx, off = np.abs(x - CENTRE), x - CENTRE
    wobble = np.clip(_noise(rng, x.shape, 4.2 if style in ("curly", "curls") else 2.4), -1.3, 1.3)
    half = person.half_width
    volume = {"short": 3.5, "side": 5.0, "quiff": 6.5, "buzz": 1.2, "curly": 7.0, "bald": 0.0, "long": 5.0, "bob": 6.0,
              "fringe": 5.5, "bun": 3.0, "curls": 9.0, "sweep": 6.5}[style]  # fmt: skip
    if style == "bald":
        return np.zeros_like(x), 0.0
    rough = {"curly": 1.5, "curls": 1.7, "buzz": 0.2}.get(style, 0.45)
    dome_y = 62.0
    top = ((dx / (half + volume)) ** 2.2 + (np.clip(dome_y - y, 0, 99) / (dome_y - _CROWN + volume)) ** 2.2) ** (
        1 / 2.2
    )
    distance = (1 - top) * (half + volume) + rough * wobble

    line = {"short": 33.0, "side": 32.0, "quiff": 30.0, "buzz": 34.0, "curly": 35.0, "long": 29.0, "bob": 30.0,
            "fringe": 49.0, "bun": 29.0, "curls": 33.0, "sweep": 31.0}[style]  # fmt: skip
    edge = line + 0.6 * rough * wobble
    if style in ("side", "sweep"):
        edge = edge + 9 * np.clip(person.part * off / abs(person.part) / -half + 0.25, 0, 1) ** 1.2
    elif style == "fringe":
        edge = edge + 2.0 * (dx / half) ** 2 + 1.3 * wobble
    elif style == "long":
        edge = edge + 0.030 * np.clip(np.abs(off - 0.4 * person.part) - 3, 0, 60) ** 2
    reach = dx / (half * (0.93 if person.feminine else 0.91))
    edge = edge + 4.5 * np.clip(reach, 0, 1) ** 2 + 46 * np.clip(reach - 0.52, 0, 2) ** 1.9 * 3.2
    if not person.feminine and style not in ("curly", "buzz"):
        edge = edge - 5.0 * np.exp(-(((reach - 0.60) / 0.16) ** 2))  # receding a little at the temples
    fall = {"short": 70.0, "side": 72.0, "quiff": 68.0, "buzz": 66.0, "curly": 71.0, "bun": 68.0}.get(style, 200.0)
    cover = soft(distance, 2.2) * soft(edge - y, 2.5 if style != "buzz" else 6) * soft(fall + 2 * wobble - y, 9)

    length = _LENGTHS.get(style)
    if length is not None:
        inner = half * (0.885 - 0.10 * step(y, 78, 125)) + 0.8 * wobble
        if style == "bob":
            inner = inner - 4.0 * step(y, 96, 120)
        flare = volume + (3.0 if style != "bob" else 4.5) * step(y, 60, 130)
        outer = half + flare + rough * wobble
        sides = soft(outer - dx, 2.2) * soft(dx - inner, 2.6) * soft(y - 52, 8) * soft(length + 4 * wobble - y, 8)
        cover = np.maximum(cover, sides)
    if style == "bun":
        knot = 15 - np.sqrt((off / 1.1) ** 2 + (y - 3) ** 2) + 0.6 * wobble
        cover = np.maximum(cover, soft(knot, 2))
    return cover.astype(np.float32), volume


def _paint_hair(person: Identity, canvas: Array, x: Array, y: Array, rng: np.random.Generator) -> None:
    cover, volume = _hair_cover(person, x, y, rng)
    if volume == 0:
        return
    style = person.hair_style
    shadow = gaussian_filter(cover, (9, 5), truncate=2.0)
    shadow = np.roll(shadow, (5, int(-5 * np.sign(person.light[0]))), (0, 1))
    darker = 1 - 0.30 * np.clip(shadow, 0, 1) * (style != "buzz")
    canvas[..., :3] *= darker[..., None]

    px, py = CENTRE + (person.part if style in ("side", "sweep", "long", "quiff") else 0.0), 14.0
    angle = np.arctan2(x - px, np.maximum(y - py + 26, 1.0))
    down = np.clip((y - 62) / 30, 0, 1)
    wave = 1.6 * np.sin(y / 9.0 + 0.6 * np.sign(x - CENTRE)) * down
    along = angle * 46 * (1 - down) + np.sign(x - CENTRE) * (np.abs(x - CENTRE) + wave) * down
    if style in ("curly", "curls"):
        strands = 1.1 * _noise(rng, x.shape, 3.4) + 0.45 * _noise(rng, x.shape, 1.6)
    elif style == "buzz":
        strands = 0.6 * _noise(rng, x.shape, 0.8)
    else:
        strands = 0.75 * _strands(rng, along + 900, 6.0) + 0.3 * _noise(rng, x.shape, 5.0)

    half = person.half_width + volume
    z = 40 * np.sqrt(np.maximum(1 - ((x - CENTRE) / (half + 2)) ** 2 - (np.clip(62 - y, 0, 99) / 64) ** 2, 0.02))
    diffuse, sky, _ = _lit(gaussian_filter(z.astype(np.float32), 2), person.light, FINE)
    radius = np.hypot((x - CENTRE - 14 * person.light[0]) / 1.1, y - 66)
    band = np.exp(-(((radius - 43 + 1.5 * strands) / 6.5) ** 2)) * (y < 70)
    base = np.array(person.hair, np.float32)
    value = (0.42 + 0.34 * sky + 0.55 * diffuse) * np.clip(1 + 0.20 * strands, 0.4, 1.8)
    colour = base * value[..., None]
    gleam = np.array([1.0, 0.93, 0.85], np.float32) * (0.10 + 0.45 * base.mean())
    if style not in ("curly", "curls", "buzz"):
        colour = colour + (0.55 * band * np.clip(0.75 + 0.35 * strands, 0, 1.5))[..., None] * gleam
    cover = cover * (0.62 if style == "buzz" else 1.0)
    _over(canvas, np.clip(colour, 0, 1).astype(np.float32), cover.astype(np.float32))


def _paint_ears(person: Identity, canvas: Array, x: Array, y: Array) -> None:
    skin = np.array(person.skin, np.float32)
    for side in (-1.0, 1.0):
        cx = CENTRE + side * (person.half_width + 0.6)
        out = side * (x - cx)
        distance = 1 - np.sqrt((out / 5.2) ** 2 + ((y - 75) / (10.5 - 0.25 * out)) ** 2)
        lamp = 0.80 + 0.16 * side * person.light[0]
        rim = np.exp(-(((distance - 0.14) / 0.12) ** 2))
        bowl = np.clip((distance - 0.3) * 2.2, 0, 1)
        value = lamp * (1 + 0.10 * rim - 0.34 * bowl)
        colour = skin * value[..., None] * np.array([1.0, 0.90, 0.87], np.float32)
        _over(canvas, colour.astype(np.float32), soft((distance * 6).astype(np.float32), 1.0))


def _paint_glasses(person: Identity, canvas: Array, x: Array, y: Array) -> None:
    dark = np.array([0.09, 0.08, 0.09], np.float32) + 0.15 * np.array(person.clothes, np.float32)
    frame = np.zeros_like(x)
    for side in (-1.0, 1.0):
        u = np.abs(x - CENTRE - side * person.eye_gap) / 13.6
        v = np.abs(y - person.eye_y - 1.2) / 10.4
        ring = ((u**3.2 + v**3.2) ** (1 / 3.2) - 1) * 11.5
        frame = np.maximum(frame, soft((0.85 - np.abs(ring)).astype(np.float32), 1.0))
        glare = np.clip(1 - np.abs((x - CENTRE - side * person.eye_gap) + (y - person.eye_y) * 0.9 + 5) / 2.4, 0, 1)
        _over(canvas, (1.0, 1.0, 1.0), (0.08 * glare * (ring < -1)).astype(np.float32))
    bridge = soft((0.8 - np.abs(y - person.eye_y + 1.0 + 0.02 * (x - CENTRE) ** 2)).astype(np.float32))
    frame = np.maximum(frame, bridge * soft((person.eye_gap - 12.6 - np.abs(x - CENTRE)).astype(np.float32)))
    arms = soft((0.9 - np.abs(y - person.eye_y + 2.0)).astype(np.float32))
    far = np.abs(x - CENTRE)
    frame = np.maximum(
        frame, arms * soft((far - person.eye_gap - 13).astype(np.float32)) * soft(person.half_width + 1 - far)
    )
    _over(canvas, dark, (0.93 * frame * (canvas[..., 3] > 0.3)).astype(np.float32))


def _mane(person: Identity, x: Array, y: Array, rng: np.random.Generator) -> Array:
    """Return where hair hangs behind the neck."""
    length = _LENGTHS.get(person.hair_style)
    if length is None:
        return np.zeros_like(x)
    wobble = _noise(rng, x.shape, 2.0)
    wide = person.half_width + 2 - 0.0016 * np.clip(y - 90, 0, 90) ** 2
    return soft(wide + wobble - np.abs(x - CENTRE), 2) * soft(y - 60, 6) * soft(length - 6 + 3 * wobble - y, 6)


def _plate(person: Identity, rng: np.random.Generator) -> Array:
    """Return background, neck and clothes, ``[SIZE + 2 MARGIN, SIZE + 2 MARGIN, 3]``."""
    at = np.arange(-MARGIN, SIZE + MARGIN, dtype=np.float32) + 0.5
    x, y = np.meshgrid(at, at)
    away = np.hypot(x - CENTRE - 30 * person.light[0], y - 50) / 120
    mix = np.clip(away, 0, 1)[..., None] ** 1.4
    scene = (1 - mix) * np.array(person.backdrop, np.float32) + mix * np.array(person.background, np.float32) * 0.86
    scene = scene * (1 + 0.03 * _noise(rng, x.shape, 22.0)[..., None])
    dx, off = np.abs(x - CENTRE), x - CENTRE

    neck_half = (18.5 if person.feminine else 23.0) + 0.004 * np.clip(y - 132, 0, 60) ** 2
    turn = np.clip(off / neck_half, -1, 1)
    lamp = 0.66 + 0.30 * np.clip(np.sqrt(np.maximum(1 - turn**2, 0)) * person.light[2] + turn * person.light[0], 0, 1)
    shadow = 1 - 0.42 * np.exp(-((np.clip(y - person.chin + 4, 0, 60) / 11) ** 2)) * np.exp(-((off / 30) ** 2))
    tendon = 1 - 0.06 * np.exp(-(((dx - 9 + 0.1 * (y - 140)) / 3) ** 2)) * step(y, 138, 150)
    neck = (
        np.array(person.skin, np.float32)
        * (lamp * shadow * tendon)[..., None]
        * np.array([0.96, 0.9, 0.87], np.float32)
    )
    mane = _mane(person, x, y, rng)
    strand = np.clip(1 + 0.16 * _strands(rng, off + 1.2 * np.sin(y / 9) + 900, 6.0), 0.5, 1.6)
    locks = np.array(person.hair, np.float32) * (0.46 * strand)[..., None]
    scene = scene * (1 - mane[..., None]) + locks * mane[..., None]
    cover = (soft(neck_half - dx, 1.2) * (y > 92))[..., None]
    scene = scene * (1 - cover) + neck * cover

    slope = 146 + 0.16 * np.clip(dx - neck_half, 0, 99) + 0.0012 * np.clip(dx - 22, 0, 99) ** 2
    opening = {"crew": 152 - 0.004 * dx**2, "vee": 172 - 1.05 * dx, "shirt": 164 - 0.72 * dx}[person.collar]
    opening = np.where(dx < neck_half + 3, opening, 0)
    body = soft((y - np.maximum(slope, opening)).astype(np.float32), 1.3)
    fold = _noise(rng, x.shape, (9.0, 5.0))
    light = 0.72 + 0.24 * np.clip(0.5 + off / 140 * np.sign(person.light[0]) * 1.2, 0, 1) + 0.03 * fold
    cloth = np.array(person.clothes, np.float32) * light[..., None]
    hem = np.exp(-(((y - np.maximum(slope, opening) - 3.2) / 1.0) ** 2)) * (dx < neck_half + 5)
    cloth = cloth * (1 - 0.22 * hem[..., None])
    if person.collar == "shirt":
        flap = soft((8.5 - np.abs(y - opening - 7) + 0.1 * dx).astype(np.float32), 1.5) * soft(neck_half + 4 - dx, 3)
        cloth = cloth * (1 + 0.14 * flap[..., None])
    weave = 1 + 0.015 * rng.standard_normal(x.shape).astype(np.float32)[..., None]
    scene = scene * (1 - body[..., None]) + np.clip(cloth * weave, 0, 1) * body[..., None]
    result: Array = np.clip(scene, 0, 1).astype(np.float32)
    return result


@lru_cache(maxsize=64)
def portrait(person: Identity) -> Portrait:
    """Return the still parts of a speaker's face."""
    rng = np.random.default_rng([77, person.number])
    n = FINE * (SIZE + 2 * MARGIN)
    at = ((np.arange(n, dtype=np.float32) + 0.5) / FINE - MARGIN).astype(np.float32)
    x, y = np.meshgrid(at, at)
    canvas = np.zeros((n, n, 4), np.float32)
    _paint_ears(person, canvas, x, y)
    skin = _skin(person, x, y, rng)
    face = soft(((1 - _rho(person, x, y)) * person.half_width * 0.9).astype(np.float32), 1.2)
    _over(canvas, skin, face)
    _paint_features(person, canvas, x, y, rng)
    _paint_beard(person, canvas, x, y, rng)
    _paint_hair(person, canvas, x, y, rng)
    if person.glasses:
        _paint_glasses(person, canvas, x, y)
    canvas = gaussian_filter(canvas, (0.55, 0.55, 0))
    depth = gaussian_filter(_height(person, x, y), 3)[::FINE, ::FINE]
    row = FINE * int(MARGIN + person.mouth_y)
    patch = skin[row - 4 : row + 4, row - 40 : row + 40].mean() if row else 0.5
    relief = float(np.clip(patch / max(float(np.mean(person.skin)), 0.05), 0.75, 1.25))
    return Portrait(np.ascontiguousarray(canvas), np.ascontiguousarray(depth), _plate(person, rng), relief)
