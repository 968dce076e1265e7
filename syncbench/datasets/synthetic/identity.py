"""The cast: who speaks. Every speaker has a face, a voice and habits, all drawn from their number alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

__all__ = ["CAST", "SPLITS", "Identity", "identity", "speakers"]

Colour = tuple[float, float, float]

CAST = 64
SPLITS = ("train", "val", "test")
_CAST_SEED = 2026

# espeak-ng voice variants; no variant is shared between splits.
_FEMALE = {
    "train": ("f1", "f2", "f4", "Alicia", "Andrea", "belinda", "linda", "steph", "steph3", "anika"),
    "val": ("f5", "Annie"),
    "test": ("f3", "steph2", "aunty", "shelby"),
}
_MALE = {
    "train": ("m1", "m2", "m3", "m5", "m7", "adam", "Alex", "benjamin", "david", "ed", "edward", "ian", "john", "Lee",
              "Marco", "max", "Michael", "norbert", "pablo", "paul", "rob", "victor"),
    "val": ("m6", "Reed", "caleb"),
    "test": ("m4", "m8", "Mike", "robert", "travis", "zac", "quincy", "Gene"),
}  # fmt: skip
_ACCENTS = ("en-us", "en-gb-x-rp", "en-gb-scotland", "en-us-nyc", "en-gb-x-gbclan", "en-029", "en-gb-x-gbcwmd")

_SKINS: tuple[Colour, ...] = (
    (0.96, 0.80, 0.70),
    (0.94, 0.75, 0.63),
    (0.90, 0.70, 0.56),
    (0.86, 0.66, 0.50),
    (0.78, 0.57, 0.42),
    (0.66, 0.46, 0.33),
    (0.52, 0.35, 0.25),
    (0.42, 0.28, 0.21),
)
_HAIRS: tuple[Colour, ...] = (
    (0.10, 0.08, 0.08),
    (0.16, 0.11, 0.09),
    (0.27, 0.17, 0.11),
    (0.40, 0.26, 0.15),
    (0.58, 0.40, 0.22),
    (0.76, 0.60, 0.36),
    (0.52, 0.24, 0.12),
    (0.60, 0.58, 0.56),
)
_EYES: tuple[Colour, ...] = (
    (0.30, 0.18, 0.10),
    (0.22, 0.14, 0.09),
    (0.30, 0.45, 0.58),
    (0.38, 0.50, 0.55),
    (0.36, 0.44, 0.26),
    (0.48, 0.36, 0.20),
)
_BACKGROUNDS: tuple[Colour, ...] = (
    (0.20, 0.55, 0.72),
    (0.42, 0.50, 0.58),
    (0.75, 0.72, 0.66),
    (0.30, 0.42, 0.38),
    (0.55, 0.42, 0.50),
    (0.72, 0.55, 0.42),
    (0.24, 0.28, 0.38),
    (0.62, 0.70, 0.74),
)
_CLOTHES: tuple[Colour, ...] = (
    (0.25, 0.34, 0.46),
    (0.52, 0.18, 0.20),
    (0.85, 0.84, 0.82),
    (0.20, 0.21, 0.24),
    (0.22, 0.42, 0.34),
    (0.62, 0.50, 0.30),
    (0.48, 0.36, 0.55),
    (0.70, 0.45, 0.38),
)
_MALE_HAIR = ("short", "side", "quiff", "buzz", "curly", "bald", "short", "side")
_FEMALE_HAIR = ("long", "bob", "fringe", "bun", "curls", "long", "sweep")


@dataclass(frozen=True, slots=True)
class Identity:
    """A speaker. Lengths are pixels of the canonical 160 x 160 face; colours are RGB in 0..1."""

    number: int
    split: str
    feminine: bool
    # voice and habits
    voice: str
    pitch: int
    pitch_range: int
    speed: int
    effort: float
    reach: float
    # head
    half_width: float
    chin: float
    squareness: float
    taper: float
    cheeks: float
    # features
    eye_y: float
    eye_gap: float
    eye_width: float
    eye_height: float
    eye_tilt: float
    nose_y: float
    nose_width: float
    nose_height: float
    mouth_y: float
    mouth_width: float
    upper_lip: float
    lower_lip: float
    bow: float
    smile: float
    brow_y: float
    brow_weight: float
    brow_arch: float
    # surface
    skin: Colour
    lips: Colour
    iris: Colour
    hair: Colour
    hair_style: str
    part: float
    beard: str
    freckles: float
    blush: float
    age: float
    glasses: bool
    # scene
    light: Colour
    background: Colour
    backdrop: Colour
    clothes: Colour
    collar: str


def _split(number: int) -> str:
    """Every eighth speaker validates, two of the other seven test."""
    return {7: "val", 2: "test", 5: "test"}.get(number % 8, "train")


@lru_cache(maxsize=1)
def _cast() -> tuple[Identity, ...]:
    people: list[Identity] = []
    met = {(split, sex): 0 for split in SPLITS for sex in (False, True)}
    for number in range(CAST):
        split = _split(number)
        order = sum(p.split == split for p in people)
        feminine = order % 5 in (1, 3)
        nth = met[split, feminine]
        met[split, feminine] += 1
        names = (_FEMALE if feminine else _MALE)[split]
        variant = names[nth % len(names)]
        accent = _ACCENTS[(nth + nth // len(names) + order) % len(_ACCENTS)]
        people.append(_person(number, split, feminine, f"{accent}+{variant}"))
    return tuple(people)


def identity(number: int) -> Identity:
    """Return speaker ``number`` of the cast, 0 to ``CAST - 1``; the same in every process and for every seed."""
    return _cast()[number]


def speakers(split: str) -> tuple[Identity, ...]:
    """Return the speakers of one split. Splits share neither faces nor voice variants."""
    return tuple(person for person in _cast() if person.split == split)


def _tinted(colour: Colour, rng: np.random.Generator, amount: float) -> Colour:
    shifted = np.clip(np.array(colour) * (1 + rng.normal(0, amount)) * (1 + rng.normal(0, amount / 3, 3)), 0.02, 0.98)
    return (float(shifted[0]), float(shifted[1]), float(shifted[2]))


def _mixed(a: Colour, b: Colour, share: float) -> Colour:
    mix = (1 - share) * np.array(a) + share * np.array(b)
    return (float(mix[0]), float(mix[1]), float(mix[2]))


def _person(number: int, split: str, feminine: bool, voice: str) -> Identity:
    rng = np.random.default_rng([_CAST_SEED, number])

    def around(mean: float, spread: float) -> float:
        return float(mean + spread * np.clip(rng.normal(), -2, 2))

    tone = int(rng.integers(len(_SKINS)))
    skin = _tinted(_SKINS[tone], rng, 0.03)
    dark_hair = tone >= 4
    hair = _tinted(_HAIRS[int(rng.integers(0, 3 if dark_hair else len(_HAIRS)))], rng, 0.08)
    grey = hair[2] > 0.45
    eye = _EYES[int(rng.integers(0, 2 if dark_hair else len(_EYES)))]
    rose = (0.70, 0.30, 0.31) if not feminine or rng.random() < 0.5 else (0.74, 0.20, 0.27)
    lips = _tinted(_mixed(skin, rose, 0.74 if feminine else 0.58), rng, 0.03)
    if tone >= 5:
        lips = _mixed(lips, (0.46, 0.22, 0.21), 0.45)
    style = str(rng.choice(_FEMALE_HAIR if feminine else _MALE_HAIR))
    beard = "none" if feminine else str(rng.choice(["none", "none", "stubble", "stubble", "full", "goatee"]))
    angle = rng.uniform(-0.9, 0.9)
    light = np.array([np.sin(angle), -0.45, 0.95])
    light /= np.linalg.norm(light)
    background = _BACKGROUNDS[int(rng.integers(len(_BACKGROUNDS)))]
    return Identity(
        number=number,
        split=split,
        feminine=feminine,
        voice=voice,
        pitch=int(np.clip(around(56 if feminine else 42, 9), 20, 80)),
        pitch_range=int(np.clip(around(50, 12), 20, 80)),
        speed=int(np.clip(around(158, 16), 125, 195)),
        effort=float(np.clip(around(1.0, 0.09), 0.82, 1.18)),
        reach=float(np.clip(around(1.0, 0.12), 0.75, 1.3)),
        half_width=around(41.0 if feminine else 43.0, 1.6),
        chin=around(137.0 if feminine else 139.5, 1.7),
        squareness=around(2.12 if feminine else 2.4, 0.14),
        taper=around(0.25 if feminine else 0.19, 0.04),
        cheeks=around(1.0, 0.3),
        eye_y=around(66.5, 1.2),
        eye_gap=around(18.4, 0.8),
        eye_width=around(8.3 if feminine else 7.9, 0.45),
        eye_height=around(3.9 if feminine else 3.5, 0.35),
        eye_tilt=around(0.9, 0.7),
        nose_y=around(94.5, 1.3),
        nose_width=around(6.6 if feminine else 7.6, 0.7) + (1.0 if tone >= 5 else 0.0),
        nose_height=around(8.0 if feminine else 9.2, 1.0),
        mouth_y=around(112.0, 1.2),
        mouth_width=around(15.0 if feminine else 15.6, 0.9),
        upper_lip=around(4.4 if feminine else 3.8, 0.5) + (1.0 if tone >= 5 else 0.0),
        lower_lip=around(5.7 if feminine else 5.2, 0.6) + (0.9 if tone >= 5 else 0.0),
        bow=around(0.8, 0.25),
        smile=around(2.0, 0.45),
        brow_y=around(-12.0 if feminine else -10.6, 0.8),
        brow_weight=around(1.35 if feminine else 2.0, 0.25),
        brow_arch=around(2.6 if feminine else 1.7, 0.5),
        skin=skin,
        lips=lips,
        iris=_tinted(eye, rng, 0.08),
        hair=hair,
        hair_style=style,
        part=float(rng.choice([-1, 1])) * float(rng.uniform(4, 16)),
        beard=beard,
        freckles=float(rng.uniform(0.3, 1.0)) if tone < 3 and rng.random() < 0.3 else 0.0,
        blush=float(rng.uniform(0.3, 1.0)),
        age=float(np.clip(rng.normal(0.85 if grey else 0.3, 0.2), 0, 1)),
        glasses=bool(rng.random() < 0.14),
        light=(float(light[0]), float(light[1]), float(light[2])),
        background=_tinted(background, rng, 0.08),
        backdrop=_tinted(_mixed(background, (0.95, 0.95, 0.95), 0.35), rng, 0.05),
        clothes=_tinted(_CLOTHES[int(rng.integers(len(_CLOTHES)))], rng, 0.08),
        collar=str(rng.choice(["crew", "shirt", "vee"])),
    )
