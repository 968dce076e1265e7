"""The mouth: articulators in, the curves of lips and teeth out. Geometry lives on a canonical 160 x 160 face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncbench.datasets.synthetic.identity import Identity

__all__ = ["APERTURE", "INSIDE", "JAW_DROP", "TABLE", "Lips", "lips"]

Array = NDArray[np.floating]

JAW_DROP = 8.5  # px the chin falls at jaw 1
APERTURE = 15.0  # px between the lips at opening 1
TABLE = np.linspace(-1.25, 1.25, 401, dtype=np.float32)  # across the mouth: -1 and 1 are its corners
INSIDE = np.abs(TABLE) < 1


@dataclass(frozen=True, slots=True)
class Lips:
    """The mouth at one moment, in canonical pixels.

    Attributes:
        half: half the distance between the corners.
        jaw: how far the chin has dropped.
        gap: between the lips at the middle; 0 where they touch.
        lift: how far the upper lip's edge has risen.
        drop: how far the lower lip's edge has fallen.
        curves: height of upper outer, upper inner, lower inner and lower outer edge over ``TABLE``, ``[401, 4]``.
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

    s = TABLE
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
