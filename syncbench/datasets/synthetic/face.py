"""A speaking face: articulators and head motion in, frames and exact landmarks out.

The still portrait is warped by the jaw, the lips and the head; lips, teeth, tongue and eyes are painted on each frame
from curves, with edges soft over one pixel. Geometry lives on a canonical 160 x 160 face; the head's pose maps it to
the frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import Frames
from syncbench.datasets.synthetic.articulation import ARTICULATORS
from syncbench.datasets.synthetic.identity import Identity
from syncbench.datasets.synthetic.motion import Camera, Motion
from syncbench.datasets.synthetic.portrait import CENTRE, FINE, MARGIN, SIZE, Portrait, outline, portrait

__all__ = ["JAW_DROP", "Lips", "landmarks", "lips", "render"]

Array = NDArray[np.floating]

JAW_DROP = 8.5  # px the chin falls at jaw 1
APERTURE = 15.0  # px between the lips at opening 1
_PIVOT = np.array([CENTRE, 84.0], np.float32)
_TABLE = np.linspace(-1.25, 1.25, 401, dtype=np.float32)  # across the mouth: -1 and 1 are its corners
_INSIDE = np.abs(_TABLE) < 1


@dataclass(frozen=True, slots=True)
class Lips:
    """The mouth at one moment, in canonical pixels.

    Attributes:
        half: half the distance between the corners.
        jaw: how far the chin has dropped.
        gap: between the lips at the middle; 0 where they touch.
        lift: how far the upper lip's edge has risen.
        drop: how far the lower lip's edge has fallen.
        curves: height of upper outer, upper inner, lower inner and lower outer edge over ``_TABLE``, ``[401, 4]``.
        teeth: height of the upper teeth's edge, and of the lower teeth's.
    """

    half: float
    jaw: float
    gap: float
    lift: float
    drop: float
    curves: Array
    teeth: tuple[float, float]


def lips(person: Identity, articulators: NDArray[np.floating]) -> Lips:
    """Return the mouth for one frame of articulators ``[8]``."""
    jaw, opening, width, protrusion, raised, tuck, _, teeth = (float(a) for a in articulators)
    my, mw = person.mouth_y, person.mouth_width
    opened = max(opening, 0.0)
    press = float(np.clip(-opening / 0.3, 0, 1))
    half = mw * (1 + 0.16 * max(width, 0) + 0.34 * min(width, 0) - 0.05 * min(jaw, 1) - 0.02 * press)
    drop_jaw = JAW_DROP * jaw
    parted = float(np.clip(opened / 0.08, 0, 1))
    show = teeth * parted * (1 - min(protrusion, 1) * 0.6)
    lift = 0.20 * APERTURE * opened + 2.3 * raised * max(parted, tuck) + 0.5 * show + 0.7 * tuck - 0.5 * press
    gap = APERTURE * opened + (1.2 * raised + 0.9 * show) * parted
    tooth = my + 1.1
    bite = float(np.clip(tuck, 0, 1))
    # tucked, the lower lip rises until its edge is behind the upper teeth
    gap = (1 - bite) * gap + bite * max(lift + (tooth - my) - 0.9, 0.0)

    s = _TABLE
    t2 = np.clip(1 - s * s, 0, 1)
    round_ = float(np.clip(protrusion, 0, 1))
    corner = -person.smile * s * s * (1 + 0.8 * max(width, 0)) * 1.3
    closed = 0.55 * np.exp(-((s / 0.22) ** 2)) - 0.25 * np.exp(-(((np.abs(s) - 0.42) / 0.22) ** 2))
    inner_half = 0.93 - 0.16 * round_
    aperture = np.clip(1 - (s / inner_half) ** 2, 0, 1) ** (0.72 - 0.16 * round_ - 0.1 * min(opened, 1))
    rise = t2**0.8
    upper_in = my + corner + closed * (1 - 0.6 * parted) - lift * (0.35 * rise + 0.65 * aperture)
    lower_in = upper_in + gap * aperture
    thin_u = (
        (1 - 0.5 * press) * (1 + 0.32 * round_) * (1 - 0.16 * max(width, 0)) * (1 - 0.12 * opened) * (1 - 0.15 * tuck)
    )
    thin_l = (
        (1 - 0.45 * press) * (1 + 0.28 * round_) * (1 - 0.16 * max(width, 0)) * (1 - 0.10 * opened) * (1 - 0.12 * bite)
    )
    bow = person.bow * (1 - 0.5 * round_)
    peak = t2 ** (0.85 - 0.2 * round_) * (1 + 0.16 * np.exp(-(((np.abs(s) - 0.25) / 0.16) ** 2)))
    upper_out = upper_in - person.upper_lip * thin_u * peak + bow * np.exp(-((s / 0.12) ** 2)) * t2
    full = t2**0.62 * (1 - 0.06 * np.exp(-((s / 0.2) ** 2)))
    lower_out = lower_in + person.lower_lip * thin_l * full
    clench = 0.75 * float(np.clip(teeth, 0, 1)) * (1 - min(jaw, 1))
    lower_tooth = tooth + 0.5 + drop_jaw * (1 - clench) * 0.95 + 0.3
    curves = np.stack([upper_out, upper_in, lower_in, lower_out], -1).astype(np.float32)
    middle = len(s) // 2
    drop = float(lower_in[middle] - my - closed[middle])
    return Lips(half, drop_jaw, max(gap, 0.0), float(lift), drop, curves, (tooth, lower_tooth))


def _warp(person: Identity, mouth: Lips, x: Array, y: Array) -> tuple[Array, Array]:
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


def _pose(move: Motion, frame: int) -> tuple[Array, Array]:
    """Return matrix [2, 2] and offset [2] that take canonical points to the frame."""
    c, s = np.cos(move.roll[frame]), np.sin(move.roll[frame])
    matrix = (move.scale[frame] * np.array([[c, -s], [s, c]])).astype(np.float32)
    return matrix, (_PIVOT + move.shift[frame] - matrix @ _PIVOT).astype(np.float32)


def _bilinear(texture: Array, x: Array, y: Array) -> Array:
    """Sample a flattened square texture ``[N * N, C]`` at fractional indices."""
    n = round(len(texture) ** 0.5)
    x = np.clip(x, 0, n - 1.001)
    y = np.clip(y, 0, n - 1.001)
    ix, iy = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - ix)[..., None], (y - iy)[..., None]
    at = iy * n + ix
    top = texture.take(at, 0)
    top += fx * (texture.take(at + 1, 0) - top)
    low = texture.take(at + n, 0)
    low += fx * (texture.take(at + n + 1, 0) - low)
    low -= top
    low *= fy
    low += top
    result: Array = low
    return result


def _cover(distance: Array, width: float = 1.0) -> Array:
    result: Array = np.clip(distance / width + 0.5, 0, 1)
    return result


def _blend(canvas: Array, colour: Array, cover: Array) -> None:
    canvas += cover[..., None] * (colour - canvas)


def _bell(x: Array) -> Array:
    result: Array = np.exp(-x * x)
    return result


class _Painter:
    """The parts of one speaker that every frame needs."""

    def __init__(self, person: Identity) -> None:
        self.person = person
        self.portrait: Portrait = portrait(person)
        n = self.portrait.head.shape[0]
        self.head = self.portrait.head.reshape(n * n, 4)
        self.skin = np.array(person.skin, np.float32) * self.portrait.relief
        self.lip = np.array(person.lips, np.float32) * self.portrait.relief
        rng = np.random.default_rng([78, person.number])
        grain = rng.standard_normal(401)
        grain = np.convolve(grain, np.exp(-0.5 * (np.arange(-6, 7) / 2.2) ** 2), "same")
        self.grain = (grain / grain.std()).astype(np.float32)
        angle = np.linspace(0, 2 * np.pi, 65)
        self.iris_grain = (1 + 0.12 * np.sin(angle * 11 + rng.uniform(0, 6)) * np.sin(angle * 5)).astype(np.float32)

    def mouth(self, canvas: Array, x: Array, y: Array, mouth: Lips, articulators: Array) -> None:
        """Paint the mouth on ``canvas`` [H, W, 3] whose pixels lie at canonical ``x, y`` [H, W]."""
        person = self.person
        _, opening, width, protrusion, _raised, tuck, tongue, teeth = (float(a) for a in articulators)
        opened = float(np.clip(opening, 0, 1))
        press = float(np.clip(-opening / 0.3, 0, 1))
        bite = float(np.clip(tuck, 0, 1))
        pout = float(np.clip(protrusion, 0, 1))
        my = person.mouth_y
        dx = x - CENTRE
        s = dx / mouth.half
        at = np.clip((s + 1.25) * 160 + 0.5, 0, 400).astype(np.int32)
        edge = mouth.curves.take(at, 0)
        upper_out, upper_in, lower_in, lower_out = (edge[..., i] for i in range(4))
        within = _cover((1 - np.abs(s)) * mouth.half, 1.2)
        grain = self.grain.take(at)

        # the skin around: creases beside the mouth, the hollow under the lip, the light above it
        bottom = float(mouth.curves[200, 3])
        beside = np.abs(dx) - mouth.half - 2.6 - 0.10 * np.abs(y - my)
        crease = _bell(beside / 1.7) * _bell((y - my + 2) / 8.5) * (0.05 + 0.17 * max(width, 0) + 0.07 * opened)
        hollow = _bell(dx / (0.72 * mouth.half)) * _bell((y - bottom - 2.3) / 2.3) * (0.19 + 0.12 * pout + 0.1 * bite)
        ridge = _bell(dx / (0.8 * mouth.half)) * _bell((y - upper_out + 1.0) / 1.0) * 0.07
        bulge = (
            press
            * 0.05
            * _bell(dx / mouth.half)
            * (_bell((y - upper_out + 3.2) / 1.8) + _bell((y - lower_out - 2.6) / 1.8))
        )
        canvas *= (1 - crease - hollow + ridge + bulge)[..., None] * np.float32(1)

        # inside
        if mouth.gap > 0.15:
            inside = np.minimum(_cover(y - upper_in), _cover(lower_in - y)) * within
            depth = np.clip((y - upper_in) / max(mouth.gap, 1.0), 0, 1)
            dark = np.array([0.15, 0.045, 0.05], np.float32)
            flesh = np.array([0.36, 0.13, 0.13], np.float32)
            glow = (0.25 + 0.5 * depth * depth) * (0.35 + 0.65 * np.abs(s)) * 0.8
            cavity = dark + glow[..., None] * (flesh - dark)
            _blend(canvas, cavity.astype(np.float32), inside)
            arch = np.sqrt(np.maximum(1 - (dx / (0.98 * person.mouth_width)) ** 2, 0.0))
            self._lower_teeth(canvas, dx, y, mouth, inside, arch, teeth)
            self._tongue(canvas, dx, y, mouth, inside, min(tongue, 1.0), bite, pout)
            if bite < 0.3:
                self._upper_teeth(canvas, dx, y, mouth, inside, arch, teeth, pout, upper_in)

        # lips
        base = self.lip
        lamp = person.light[0]
        thick = np.maximum(lower_out - lower_in, 0.5)
        v = (y - lower_in) / thick
        shine = _bell((v - 0.36) / 0.24) * _bell((s - 0.30 * lamp) / (0.50 - 0.12 * pout))
        value = 1.02 - 0.30 * np.clip(v - 0.45, 0, 1) - 0.16 * _bell(v / 0.16) * (1 - min(opened * 3, 1))
        value = value * (1 + 0.028 * grain * (1 + pout)) * (1 - 0.16 * s * s)
        colour = base * value[..., None] + ((0.15 + 0.10 * pout) * shine)[..., None]
        wet = _bell((v - 0.02) / 0.13) * min(opened * 3, 1.0)
        colour = colour + (0.10 * wet)[..., None] * np.array([1.0, 0.62, 0.62], np.float32)
        lower = np.minimum(_cover(y - lower_in, 0.9), _cover(lower_out - y, 1.5)) * within
        _blend(canvas, colour.astype(np.float32), 0.94 * lower)

        thick = np.maximum(upper_in - upper_out, 0.5)
        v = (y - upper_out) / thick
        value = 0.93 - 0.22 * v + 0.02 * grain - 0.12 * s * s + 0.10 * lamp * s
        colour = (
            base * value[..., None] + (0.05 * _bell((v - 0.25) / 0.25) * _bell((np.abs(s) - 0.26) / 0.25))[..., None]
        )
        upper = np.minimum(_cover(y - upper_out, 1.5), _cover(upper_in - y, 0.9)) * within
        _blend(canvas, colour.astype(np.float32), 0.94 * upper)

        if bite >= 0.3:  # the upper teeth rest on the lower lip
            arch = np.sqrt(np.maximum(1 - (dx / (0.98 * person.mouth_width)) ** 2, 0.0))
            window = _cover(y - upper_in) * _cover((0.80 - np.abs(s)) * mouth.half, 2.0) * min(1.0, (bite - 0.3) * 3)
            below = _bell((y - mouth.teeth[0] - 0.8) / 0.8) * _bell(s / 0.6) * bite
            canvas *= (1 - 0.35 * below)[..., None]
            self._upper_teeth(canvas, dx, y, mouth, window, arch, max(teeth, 0.8), 0.0, upper_in)
        if tongue > 0.8 and mouth.gap > 1.0 and bite < 0.3:  # the tip between the teeth
            self._tip(canvas, dx, y, mouth, (min(tongue, 1.0) - 0.8) / 0.2)

        # the line where the lips meet, and the corners
        shut = 1 - min(mouth.gap / 1.6, 1.0)
        line = _bell((y - upper_in - 0.15) / (0.75 + 0.15 * press)) * _cover((1.02 - np.abs(s)) * mouth.half, 2.0)
        corners = _bell((np.abs(s) - 1.0) * mouth.half / 1.7) * _bell((y - float(mouth.curves[40, 1])) / 1.3)
        ink = self.lip * np.array([0.34, 0.22, 0.24], np.float32)
        _blend(canvas, ink, np.clip(0.80 * shut * line + 0.42 * corners, 0, 0.92).astype(np.float32))

    def _upper_teeth(
        self,
        canvas: Array,
        dx: Array,
        y: Array,
        mouth: Lips,
        inside: Array,
        arch: Array,
        teeth: float,
        pout: float,
        lip: Array,
    ) -> None:
        edge = mouth.teeth[0] - 1.5 * (1 - arch) - 0.18 * np.abs(np.sin(dx * (np.pi / 4.3)))
        shown = min(1.0, 0.72 + 0.4 * teeth) * (1 - 0.75 * pout)
        gaps = 1 - 0.13 * _bell((np.abs(((dx + 2.15) % 4.3) - 2.15) - 2.15) / 0.38)
        shade = np.clip(0.35 + 0.75 * arch, 0, 1) * np.clip(0.62 + 0.3 * (y - lip), 0.62, 1) * gaps
        ivory = np.array([0.93, 0.90, 0.84], np.float32) * min(self.portrait.relief, 1.05)
        cover = inside * _cover(edge - y, 0.9) * (arch > 0.25) * shown
        _blend(canvas, (ivory * shade[..., None]).astype(np.float32), cover)

    def _lower_teeth(
        self, canvas: Array, dx: Array, y: Array, mouth: Lips, inside: Array, arch: Array, teeth: float
    ) -> None:
        edge = mouth.teeth[1] - 0.9 * (1 - arch)
        gaps = 1 - 0.15 * _bell((np.abs(((dx + 1.5) % 3.0) - 1.5) - 1.5) / 0.38)
        shade = np.clip(0.2 + 0.75 * arch, 0, 1) * gaps * (0.72 + 0.15 * teeth)
        ivory = np.array([0.90, 0.86, 0.79], np.float32)
        cover = inside * _cover(y - edge, 0.9) * (arch > 0.45) * 0.92
        _blend(canvas, (ivory * shade[..., None]).astype(np.float32), cover)

    def _tongue(
        self, canvas: Array, dx: Array, y: Array, mouth: Lips, inside: Array, tongue: float, bite: float, pout: float
    ) -> None:
        floor = float(mouth.curves[200, 2])
        high = float(np.clip((tongue - 0.3) / 0.4, 0, 1))
        # low, it lies on the floor of the mouth; high, its tip rises behind the upper teeth
        cy = (1 - high) * (floor + 1.2) + high * (mouth.teeth[0] + 0.30 * mouth.gap + 0.6)
        tall = (1 - high) * (0.36 * mouth.gap + 0.8) + high * (0.34 * mouth.gap + 1.4)
        wide = 0.60 * mouth.half * (1 - 0.12 * high)
        r = (dx / wide) ** 2 + ((y - cy) / tall) ** 2
        cover = _cover((1 - np.sqrt(r)) * tall, 1.2) * inside * (1 - bite) * (1 - 0.5 * pout)
        light = (
            0.60
            + 0.30 * high
            + 0.16 * _bell((y - cy + 0.35 * tall) / (0.5 * tall))
            - 0.16 * _bell(dx / 1.3) * (1 - high)
        )
        flesh = np.array([0.80, 0.42, 0.42], np.float32) * min(self.portrait.relief, 1.05)
        _blend(canvas, (flesh * light[..., None]).astype(np.float32), cover)

    def _tip(self, canvas: Array, dx: Array, y: Array, mouth: Lips, out: float) -> None:
        floor = float(mouth.curves[200, 2])
        top = mouth.teeth[0] - 0.6
        low = floor + 0.4 + 2.2 * out
        cy, tall = 0.5 * (top + low), max(0.5 * (low - top), 0.8)
        wide = (0.36 + 0.14 * out) * mouth.half
        r = np.abs(dx / wide) ** 2.4 + np.abs((y - cy) / tall) ** 2.4
        cover = _cover((1 - r ** (1 / 2.4)) * tall, 1.1) * min(1.0, out * 1.5)
        light = (
            0.90
            + 0.18 * _bell((y - cy - 0.2 * tall) / (0.45 * tall)) * _bell(dx / (0.6 * wide))
            - 0.25 * _bell((y - top) / 1.0)
        )
        flesh = np.array([0.87, 0.49, 0.48], np.float32) * min(self.portrait.relief, 1.05)
        _blend(canvas, (flesh * light[..., None]).astype(np.float32), cover)

    def eye(self, canvas: Array, x: Array, y: Array, side: float, blink: float, gaze: Array) -> None:
        """Paint one eye; ``side`` -1 is on the left of the picture."""
        person = self.person
        s = (side * (x - CENTRE) - person.eye_gap) / person.eye_width  # -1 inner, 1 outer corner
        t2 = np.clip(1 - s * s, 0, 1)
        tilt = -person.eye_tilt * s
        rise = person.eye_height * t2**0.72 * (1 - 0.10 * s)
        sink = 0.52 * person.eye_height * t2**0.9 * (1 + 0.15 * s)
        upper = person.eye_y + tilt - rise * (1 - blink) + 0.8 * sink * blink
        lower = person.eye_y + tilt + sink
        within = _cover((1 - np.abs(s)) * person.eye_width, 1.4)
        inside = np.minimum(_cover(y - upper), _cover(lower - y)) * within
        cx = CENTRE + side * person.eye_gap + gaze[0]
        cy = person.eye_y - 0.6 + gaze[1]
        r = np.sqrt((x - cx) ** 2 + (y - cy) ** 2)
        white = np.array([0.93, 0.91, 0.89], np.float32) * self.portrait.relief**0.5
        shade = (1 - 0.22 * s * s) * (0.70 + 0.30 * np.clip((y - upper) / 2.6, 0, 1))
        ball = white * shade[..., None]
        size = 3.75
        iris = np.array(person.iris, np.float32) * 1.05
        lit = 0.72 + 0.55 * np.clip((y - cy) / size, -0.6, 1) * 0.6 - 0.45 * np.clip((r / size - 0.72) / 0.28, 0, 1)
        _blend(ball, (iris * lit[..., None]).astype(np.float32), _cover(size - r, 1.1))
        _blend(ball, np.array([0.03, 0.025, 0.03], np.float32), _cover(1.65 - r, 1.0))
        ball *= (0.80 + 0.20 * np.clip((y - upper) / 2.0, 0, 1))[..., None]
        glint = np.hypot(x - cx - 1.4 * np.sign(person.light[0]), y - cy + 1.4)
        _blend(ball, np.array([1, 1, 1], np.float32), 0.9 * _cover(0.85 - glint, 1.0))
        _blend(canvas, ball.astype(np.float32), inside)
        heavy = 1.15 if person.feminine else 0.85
        lash = _bell((y - upper + 0.15) / (0.62 * heavy + 0.12)) * _cover((1.04 - np.abs(s)) * person.eye_width, 1.6)
        if person.feminine:
            lash = np.maximum(
                lash,
                _bell((y - upper + 0.5 * (s - 0.6)) / 0.8) * (s > 0.55) * _cover((1.17 - s) * person.eye_width, 1.5),
            )
        ink = np.array([0.10, 0.07, 0.06], np.float32)
        _blend(canvas, ink, np.clip(0.85 * lash, 0, 0.95).astype(np.float32))
        rim = _bell((y - lower - 0.2) / 0.55) * _cover((0.95 - np.abs(s)) * person.eye_width, 2.0)
        _blend(canvas, self.skin * np.array([0.62, 0.44, 0.42], np.float32), (0.40 * rim).astype(np.float32))


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
    painter = _Painter(person)
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
        matrix, offset = _pose(move, frame)
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
        layer = _bilinear(painter.head, (sx + MARGIN) * FINE - 0.5, (sy + MARGIN) * FINE - 0.5)
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
    x = (gx - _PIVOT[0] - shift[0]) / zoom + _PIVOT[0]
    y = (gy - _PIVOT[1] - shift[1]) / zoom + _PIVOT[1]
    return _bilinear(still.plate.reshape(n * n, 3), x + MARGIN - 0.5, y + MARGIN - 0.5)


def _move_skin(person: Identity, mouth: Lips, brow: float, ux: Array, uy: Array, sx: Array, sy: Array) -> None:
    """Turn seen positions into positions on the portrait, in place, where jaw, lips or brows moved the skin."""
    low = np.flatnonzero((uy > person.mouth_y - 20).any(1))
    if len(low):
        rows = slice(low[0], None)
        across, down = _warp(person, mouth, ux[rows], uy[rows])
        sx[rows] -= across
        sy[rows] -= down
    if brow:
        ridge = person.eye_y + person.brow_y
        band = np.flatnonzero((np.abs(uy - ridge) < 14).any(1))
        if len(band):
            rows = slice(band[0], band[-1] + 1)
            t = np.clip(1 - np.abs(uy[rows] - ridge + 1) / 11, 0, 1)
            sy[rows] += brow * t * t * (3 - 2 * t)


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
        return np.stack([CENTRE + s * mouth.half, np.interp(s, _TABLE, mouth.curves[:, curve])], -1)

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
            across, down = _warp(person, mouth, skin[:, 0].astype(np.float32), skin[:, 1].astype(np.float32))
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
        matrix, offset = _pose(move, frame)
        points[frame] = seen @ matrix.T + offset
    return points.astype(np.float32)
