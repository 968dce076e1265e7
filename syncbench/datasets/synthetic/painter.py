"""The parts of one speaker that are painted on each frame: lips, teeth, tongue, eyes. Edges are soft over one pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncbench.datasets.synthetic.identity import Identity
from syncbench.datasets.synthetic.lips import Lips
from syncbench.datasets.synthetic.portrait import CENTRE, Portrait, portrait
from syncbench.datasets.synthetic.sampling import bell, blend, soft_edge

__all__ = ["Painter"]

Array = NDArray[np.floating]


class Painter:
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
        within = soft_edge((1 - np.abs(s)) * mouth.half, 1.2)
        grain = self.grain.take(at)

        # the skin around: creases beside the mouth, the hollow under the lip, the light above it
        bottom = float(mouth.curves[200, 3])
        beside = np.abs(dx) - mouth.half - 2.6 - 0.10 * np.abs(y - my)
        crease = bell(beside / 1.7) * bell((y - my + 2) / 8.5) * (0.05 + 0.17 * max(width, 0) + 0.07 * opened)
        hollow = bell(dx / (0.72 * mouth.half)) * bell((y - bottom - 2.3) / 2.3) * (0.19 + 0.12 * pout + 0.1 * bite)
        ridge = bell(dx / (0.8 * mouth.half)) * bell((y - upper_out + 1.0) / 1.0) * 0.07
        bulge = (
            press
            * 0.05
            * bell(dx / mouth.half)
            * (bell((y - upper_out + 3.2) / 1.8) + bell((y - lower_out - 2.6) / 1.8))
        )
        canvas *= (1 - crease - hollow + ridge + bulge)[..., None] * np.float32(1)

        # inside
        if mouth.gap > 0.15:
            inside = np.minimum(soft_edge(y - upper_in), soft_edge(lower_in - y)) * within
            depth = np.clip((y - upper_in) / max(mouth.gap, 1.0), 0, 1)
            dark = np.array([0.15, 0.045, 0.05], np.float32)
            flesh = np.array([0.36, 0.13, 0.13], np.float32)
            glow = (0.25 + 0.5 * depth * depth) * (0.35 + 0.65 * np.abs(s)) * 0.8
            cavity = dark + glow[..., None] * (flesh - dark)
            blend(canvas, cavity.astype(np.float32), inside)
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
        shine = bell((v - 0.36) / 0.24) * bell((s - 0.30 * lamp) / (0.50 - 0.12 * pout))
        value = 1.02 - 0.30 * np.clip(v - 0.45, 0, 1) - 0.16 * bell(v / 0.16) * (1 - min(opened * 3, 1))
        value = value * (1 + 0.028 * grain * (1 + pout)) * (1 - 0.16 * s * s)
        colour = base * value[..., None] + ((0.15 + 0.10 * pout) * shine)[..., None]
        wet = bell((v - 0.02) / 0.13) * min(opened * 3, 1.0)
        colour = colour + (0.10 * wet)[..., None] * np.array([1.0, 0.62, 0.62], np.float32)
        lower = np.minimum(soft_edge(y - lower_in, 0.9), soft_edge(lower_out - y, 1.5)) * within
        blend(canvas, colour.astype(np.float32), 0.94 * lower)

        thick = np.maximum(upper_in - upper_out, 0.5)
        v = (y - upper_out) / thick
        value = 0.93 - 0.22 * v + 0.02 * grain - 0.12 * s * s + 0.10 * lamp * s
        colour = base * value[..., None] + (0.05 * bell((v - 0.25) / 0.25) * bell((np.abs(s) - 0.26) / 0.25))[..., None]
        upper = np.minimum(soft_edge(y - upper_out, 1.5), soft_edge(upper_in - y, 0.9)) * within
        blend(canvas, colour.astype(np.float32), 0.94 * upper)

        if bite >= 0.3:  # the upper teeth rest on the lower lip
            arch = np.sqrt(np.maximum(1 - (dx / (0.98 * person.mouth_width)) ** 2, 0.0))
            window = (
                soft_edge(y - upper_in) * soft_edge((0.80 - np.abs(s)) * mouth.half, 2.0) * min(1.0, (bite - 0.3) * 3)
            )
            below = bell((y - mouth.teeth[0] - 0.8) / 0.8) * bell(s / 0.6) * bite
            canvas *= (1 - 0.35 * below)[..., None]
            self._upper_teeth(canvas, dx, y, mouth, window, arch, max(teeth, 0.8), 0.0, upper_in)
        if tongue > 0.8 and mouth.gap > 1.0 and bite < 0.3:  # the tip between the teeth
            self._tip(canvas, dx, y, mouth, (min(tongue, 1.0) - 0.8) / 0.2)

        # the line where the lips meet, and the corners
        shut = 1 - min(mouth.gap / 1.6, 1.0)
        line = bell((y - upper_in - 0.15) / (0.75 + 0.15 * press)) * soft_edge((1.02 - np.abs(s)) * mouth.half, 2.0)
        corners = bell((np.abs(s) - 1.0) * mouth.half / 1.7) * bell((y - float(mouth.curves[40, 1])) / 1.3)
        ink = self.lip * np.array([0.34, 0.22, 0.24], np.float32)
        blend(canvas, ink, np.clip(0.80 * shut * line + 0.42 * corners, 0, 0.92).astype(np.float32))

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
        gaps = 1 - 0.13 * bell((np.abs(((dx + 2.15) % 4.3) - 2.15) - 2.15) / 0.38)
        shade = np.clip(0.35 + 0.75 * arch, 0, 1) * np.clip(0.62 + 0.3 * (y - lip), 0.62, 1) * gaps
        ivory = np.array([0.93, 0.90, 0.84], np.float32) * min(self.portrait.relief, 1.05)
        cover = inside * soft_edge(edge - y, 0.9) * (arch > 0.25) * shown
        blend(canvas, (ivory * shade[..., None]).astype(np.float32), cover)

    def _lower_teeth(
        self, canvas: Array, dx: Array, y: Array, mouth: Lips, inside: Array, arch: Array, teeth: float
    ) -> None:
        edge = mouth.teeth[1] - 0.9 * (1 - arch)
        gaps = 1 - 0.15 * bell((np.abs(((dx + 1.5) % 3.0) - 1.5) - 1.5) / 0.38)
        shade = np.clip(0.2 + 0.75 * arch, 0, 1) * gaps * (0.72 + 0.15 * teeth)
        ivory = np.array([0.90, 0.86, 0.79], np.float32)
        cover = inside * soft_edge(y - edge, 0.9) * (arch > 0.45) * 0.92
        blend(canvas, (ivory * shade[..., None]).astype(np.float32), cover)

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
        cover = soft_edge((1 - np.sqrt(r)) * tall, 1.2) * inside * (1 - bite) * (1 - 0.5 * pout)
        light = (
            0.60 + 0.30 * high + 0.16 * bell((y - cy + 0.35 * tall) / (0.5 * tall)) - 0.16 * bell(dx / 1.3) * (1 - high)
        )
        flesh = np.array([0.80, 0.42, 0.42], np.float32) * min(self.portrait.relief, 1.05)
        blend(canvas, (flesh * light[..., None]).astype(np.float32), cover)

    def _tip(self, canvas: Array, dx: Array, y: Array, mouth: Lips, out: float) -> None:
        floor = float(mouth.curves[200, 2])
        top = mouth.teeth[0] - 0.6
        low = floor + 0.4 + 2.2 * out
        cy, tall = 0.5 * (top + low), max(0.5 * (low - top), 0.8)
        wide = (0.36 + 0.14 * out) * mouth.half
        r = np.abs(dx / wide) ** 2.4 + np.abs((y - cy) / tall) ** 2.4
        cover = soft_edge((1 - r ** (1 / 2.4)) * tall, 1.1) * min(1.0, out * 1.5)
        light = (
            0.90
            + 0.18 * bell((y - cy - 0.2 * tall) / (0.45 * tall)) * bell(dx / (0.6 * wide))
            - 0.25 * bell((y - top) / 1.0)
        )
        flesh = np.array([0.87, 0.49, 0.48], np.float32) * min(self.portrait.relief, 1.05)
        blend(canvas, (flesh * light[..., None]).astype(np.float32), cover)

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
        within = soft_edge((1 - np.abs(s)) * person.eye_width, 1.4)
        inside = np.minimum(soft_edge(y - upper), soft_edge(lower - y)) * within
        cx = CENTRE + side * person.eye_gap + gaze[0]
        cy = person.eye_y - 0.6 + gaze[1]
        r = np.sqrt((x - cx) ** 2 + (y - cy) ** 2)
        white = np.array([0.93, 0.91, 0.89], np.float32) * self.portrait.relief**0.5
        shade = (1 - 0.22 * s * s) * (0.70 + 0.30 * np.clip((y - upper) / 2.6, 0, 1))
        ball = white * shade[..., None]
        size = 3.75
        iris = np.array(person.iris, np.float32) * 1.05
        lit = 0.72 + 0.55 * np.clip((y - cy) / size, -0.6, 1) * 0.6 - 0.45 * np.clip((r / size - 0.72) / 0.28, 0, 1)
        blend(ball, (iris * lit[..., None]).astype(np.float32), soft_edge(size - r, 1.1))
        blend(ball, np.array([0.03, 0.025, 0.03], np.float32), soft_edge(1.65 - r, 1.0))
        ball *= (0.80 + 0.20 * np.clip((y - upper) / 2.0, 0, 1))[..., None]
        glint = np.hypot(x - cx - 1.4 * np.sign(person.light[0]), y - cy + 1.4)
        blend(ball, np.array([1, 1, 1], np.float32), 0.9 * soft_edge(0.85 - glint, 1.0))
        blend(canvas, ball.astype(np.float32), inside)
        heavy = 1.15 if person.feminine else 0.85
        lash = bell((y - upper + 0.15) / (0.62 * heavy + 0.12)) * soft_edge((1.04 - np.abs(s)) * person.eye_width, 1.6)
        if person.feminine:
            lash = np.maximum(
                lash,
                bell((y - upper + 0.5 * (s - 0.6)) / 0.8) * (s > 0.55) * soft_edge((1.17 - s) * person.eye_width, 1.5),
            )
        ink = np.array([0.10, 0.07, 0.06], np.float32)
        blend(canvas, ink, np.clip(0.85 * lash, 0, 0.95).astype(np.float32))
        rim = bell((y - lower - 0.2) / 0.55) * soft_edge((0.95 - np.abs(s)) * person.eye_width, 2.0)
        blend(canvas, self.skin * np.array([0.62, 0.44, 0.42], np.float32), (0.40 * rim).astype(np.float32))
