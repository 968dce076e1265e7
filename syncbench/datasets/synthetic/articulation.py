"""From phones to the movements of a face: articulatory targets blended by dominance functions.

Every phone has a target for each articulator and says how much it insists on it. At any time the articulator is the
mean of all targets, weighted by dominance functions that fall off exponentially on both sides of the phone, so that a
phone is coloured by its neighbours before and after (M. M. Cohen and D. W. Massaro, "Modeling coarticulation in
synthetic visual speech", Computer Animation '93). ``reach`` stretches the fall-off in time: 0.3 is nearly none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import FPS
from syncbench.phonetics.inventory import Phone, symbols_of, viseme

__all__ = ["ARTICULATORS", "articulate"]

ARTICULATORS = ("jaw", "opening", "width", "protrusion", "upper_lip", "tuck", "tongue", "teeth")
"""Columns of an articulator array. ``opening`` < 0 is lips pressed together; ``width`` is -1 narrow to 1 spread;
``upper_lip`` is its raising, ``tuck`` the lower lip under the upper teeth, ``tongue`` low to between the teeth,
``teeth`` hidden to shown with the jaw nearly shut. All but ``opening`` and ``width`` are 0 to 1."""

# symbol: jaw, opening, width, protrusion, upper lip, tuck, tongue, teeth
_TARGETS: Mapping[str, tuple[float, ...]] = {
    "": (0.02, -0.03, 0.0, 0.0, 0.0, 0.0, 0.2, 0.0),
    "p": (0.08, -0.34, -0.05, 0.08, 0.0, 0.0, 0.2, 0.0),
    "b": (0.08, -0.30, -0.05, 0.08, 0.0, 0.0, 0.2, 0.0),
    "m": (0.08, -0.27, 0.0, 0.05, 0.0, 0.0, 0.2, 0.0),
    "f": (0.08, 0.08, 0.15, 0.0, 0.5, 1.0, 0.2, 0.8),
    "v": (0.09, 0.08, 0.12, 0.0, 0.45, 0.95, 0.2, 0.8),
    "θ": (0.20, 0.32, 0.15, 0.0, 0.2, 0.0, 1.0, 0.7),
    "ð": (0.19, 0.30, 0.12, 0.0, 0.2, 0.0, 0.97, 0.7),
    "t": (0.13, 0.24, 0.18, 0.0, 0.1, 0.0, 0.62, 0.75),
    "d": (0.14, 0.26, 0.15, 0.0, 0.1, 0.0, 0.64, 0.7),
    "n": (0.15, 0.27, 0.15, 0.0, 0.1, 0.0, 0.66, 0.6),
    "ɾ": (0.16, 0.27, 0.1, 0.0, 0.1, 0.0, 0.6, 0.6),
    "l": (0.25, 0.38, 0.1, 0.0, 0.1, 0.0, 0.85, 0.5),
    "s": (0.04, 0.28, 0.42, 0.0, 0.25, 0.0, 0.4, 1.0),
    "z": (0.05, 0.28, 0.38, 0.0, 0.25, 0.0, 0.4, 1.0),
    "ʃ": (0.06, 0.34, -0.4, 0.75, 0.35, 0.0, 0.35, 1.0),
    "ʒ": (0.07, 0.34, -0.4, 0.7, 0.35, 0.0, 0.35, 0.95),
    "ɹ": (0.14, 0.24, -0.5, 0.55, 0.1, 0.0, 0.35, 0.4),
    "r": (0.16, 0.26, -0.4, 0.45, 0.1, 0.0, 0.45, 0.45),
    "w": (0.09, 0.09, -1.0, 1.0, 0.0, 0.0, 0.1, 0.0),
    "ʍ": (0.09, 0.09, -1.0, 1.0, 0.0, 0.0, 0.1, 0.0),
    "k": (0.22, 0.32, 0.1, 0.0, 0.05, 0.0, 0.15, 0.45),
    "ɡ": (0.22, 0.32, 0.1, 0.0, 0.05, 0.0, 0.15, 0.45),
    "g": (0.22, 0.32, 0.1, 0.0, 0.05, 0.0, 0.15, 0.45),
    "ŋ": (0.24, 0.34, 0.1, 0.0, 0.05, 0.0, 0.15, 0.45),
    "x": (0.22, 0.32, 0.1, 0.0, 0.05, 0.0, 0.15, 0.45),
    "h": (0.28, 0.36, 0.05, 0.0, 0.05, 0.0, 0.2, 0.4),
    "ʔ": (0.22, 0.28, 0.0, 0.0, 0.0, 0.0, 0.2, 0.4),
    "j": (0.13, 0.28, 0.7, 0.0, 0.15, 0.0, 0.5, 0.85),
    "ʲ": (0.14, 0.28, 0.5, 0.0, 0.12, 0.0, 0.5, 0.8),
    "i": (0.14, 0.30, 0.95, 0.0, 0.2, 0.0, 0.5, 0.9),
    "ɪ": (0.22, 0.34, 0.5, 0.0, 0.12, 0.0, 0.4, 0.75),
    "e": (0.30, 0.44, 0.55, 0.0, 0.12, 0.0, 0.35, 0.7),
    "ɛ": (0.45, 0.55, 0.42, 0.0, 0.12, 0.0, 0.28, 0.6),
    "æ": (0.68, 0.76, 0.5, 0.0, 0.15, 0.0, 0.2, 0.6),
    "a": (0.80, 0.86, 0.25, 0.0, 0.1, 0.0, 0.15, 0.5),
    "ɑ": (0.95, 0.98, 0.0, 0.05, 0.05, 0.0, 0.12, 0.35),
    "ɐ": (0.50, 0.56, 0.1, 0.0, 0.05, 0.0, 0.2, 0.45),
    "ʌ": (0.58, 0.62, 0.05, 0.0, 0.05, 0.0, 0.2, 0.45),
    "ə": (0.26, 0.36, 0.05, 0.0, 0.05, 0.0, 0.25, 0.45),
    "ᵻ": (0.22, 0.34, 0.3, 0.0, 0.1, 0.0, 0.35, 0.6),
    "ɜ": (0.30, 0.38, -0.25, 0.3, 0.1, 0.0, 0.3, 0.45),
    "ɚ": (0.24, 0.32, -0.35, 0.4, 0.1, 0.0, 0.3, 0.4),
    "ɒ": (0.72, 0.74, -0.4, 0.45, 0.0, 0.0, 0.12, 0.2),
    "ɔ": (0.60, 0.62, -0.6, 0.7, 0.0, 0.0, 0.12, 0.15),
    "o": (0.38, 0.40, -0.75, 0.85, 0.0, 0.0, 0.12, 0.05),
    "ʊ": (0.20, 0.25, -0.65, 0.7, 0.0, 0.0, 0.15, 0.1),
    "ʉ": (0.12, 0.16, -0.85, 0.9, 0.0, 0.0, 0.3, 0.05),
    "u": (0.11, 0.15, -0.97, 1.0, 0.0, 0.0, 0.12, 0.0),
}

# How much a class insists on jaw, opening, width, protrusion, upper lip, tuck, tongue, teeth.
_VOWEL = (1.0, 1.0, 1.0, 1.0, 0.7, 0.6, 0.6, 0.7)
_DOMINANCE: Mapping[str, tuple[float, ...]] = {
    "silence": (0.5, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5),
    "bilabial": (0.6, 8.0, 0.25, 0.3, 1.0, 1.5, 0.3, 1.0),
    "labiodental": (0.8, 6.0, 0.5, 0.6, 3.0, 8.0, 0.5, 3.0),
    "dental": (0.7, 1.6, 0.4, 0.4, 0.8, 1.0, 6.0, 1.5),
    "alveolar": (0.5, 0.7, 0.2, 0.15, 0.4, 0.8, 2.0, 0.8),
    "sibilant": (1.5, 1.3, 0.6, 0.3, 1.0, 1.0, 1.5, 2.5),
    "postalveolar": (1.5, 1.3, 1.2, 2.0, 1.2, 1.0, 1.5, 2.5),
    "approximant": (0.6, 0.9, 1.0, 1.2, 0.5, 0.8, 1.0, 0.7),
    "velar": (0.3, 0.4, 0.1, 0.1, 0.3, 0.6, 1.2, 0.3),
    "rounded": (1.0, 1.3, 2.2, 2.4, 0.7, 0.8, 0.6, 1.0),
    "spread": (1.0, 1.0, 1.4, 1.2, 0.7, 0.6, 0.7, 0.8),
    "mid": (0.7, 0.7, 0.4, 0.5, 0.5, 0.6, 0.5, 0.5),
    "open": (1.2, 1.2, 0.9, 1.0, 0.7, 0.6, 0.6, 0.7),
}
# Seconds after which a phone's influence has fallen to 1/e: before it (anticipation), and after it (carry-over).
_ANTICIPATION: Mapping[str, float] = {"silence": 0.06, "rounded": 0.075, "spread": 0.065, "open": 0.06, "mid": 0.05}
_CONSONANT_ANTICIPATION = 0.038
_CARRY_OVER = 0.8  # of the anticipation


def _gestures(phones: Sequence[Phone]) -> list[tuple[str, float, float, int]]:
    """Split diphthongs and affricates; give each gesture the span over which it is held."""
    gestures: list[tuple[str, float, float, int]] = []
    for phone in phones:
        parts = symbols_of(phone.symbol) or ["" if not phone.symbol else "ə"]
        start, end = phone.start, phone.release
        share = (end - start) / len(parts)
        for i, part in enumerate(parts):
            gestures.append((part, start + i * share, start + (i + 1) * share, phone.stress))
    return gestures


def articulate(
    phones: Sequence[Phone],
    frames: int,
    *,
    reach: float = 1.0,
    effort: float = 1.0,
    fps: float = FPS,
    within: float = np.inf,
) -> NDArray[np.float32]:
    """Return articulators ``[frames, 8]`` (columns ``ARTICULATORS``) at the middle of each frame's exposure.

    Args:
        phones: in time order; silence where there is none.
        frames: number of frames, the first starting at 0 s.
        reach: temporal reach of coarticulation; 1 is ordinary speech, larger smears further.
        effort: how far the speaker moves: about 0.8 mumbles, 1.2 is very clear. Closures stay closed.
        fps: frames per second.
        within: seconds before and after a frame outside which phones are unheard of: a phone counts where any of it lies
            inside. The mouth that one can know from so much context.
    """
    times = (np.arange(frames) + 0.5) / fps
    length = frames / fps
    first = min((p.start for p in phones), default=length)
    last = max((p.end for p in phones), default=length)
    held = [("", -1.0, first - 0.12, 0), *_gestures(phones), ("", last + 0.1, length + 1.0, 0)]
    total = np.zeros((frames, len(ARTICULATORS)))
    weight = np.full((frames, len(ARTICULATORS)), 1e-9)
    for symbol, start, end, stress in held:
        kind = viseme(symbol)
        target = np.array(_TARGETS[symbol])
        if symbol and kind in ("open", "mid", "spread", "rounded"):
            target = target * np.array([0.88, 0.94, 1.0][stress]) if kind != "rounded" else target
        margin = 0.25 * max(end - start, 0.0)
        before = np.maximum(start + margin - times, 0.0)
        after = np.maximum(times - (end - margin), 0.0)
        strength = np.array(_DOMINANCE[kind])
        # the strong fall off faster, so that a closure is complete yet does not swallow its neighbours
        tau = (
            _ANTICIPATION.get(kind, _CONSONANT_ANTICIPATION) * max(reach, 0.02) / (1 + np.log(np.maximum(strength, 1)))
        )
        dominance = strength * np.exp(-(before + after / _CARRY_OVER)[:, None] / tau)
        if np.isfinite(within):
            dominance[(times < start - within) | (times > end + within)] = 0.0
        total += dominance * target
        weight += dominance
    moved = total / weight
    opening = ARTICULATORS.index("opening")
    tuck = ARTICULATORS.index("tuck")
    scale = np.full(len(ARTICULATORS), effort)
    scale[[tuck, ARTICULATORS.index("tongue"), ARTICULATORS.index("teeth")]] = 1.0
    closed = moved[:, opening].copy()
    moved = moved * scale
    moved[:, opening] = np.where(closed < 0, closed, moved[:, opening])
    low = np.zeros(len(ARTICULATORS))
    low[[opening, ARTICULATORS.index("width")]] = -1.0
    result: NDArray[np.float32] = np.clip(moved, low, 1.2).astype(np.float32)
    return result
