"""What a head does while it speaks, apart from speaking: sway, nods, blinks, glances and brows; and its camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import FPS

__all__ = ["Camera", "Motion", "camera", "motion"]

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Motion:
    """Per frame: ``shift`` [T, 2] px, ``roll`` [T] rad, ``scale`` [T], ``turn`` [T, 2] (yaw and pitch, pixels of
    parallax per pixel of depth), ``blink`` [T] 0 open to 1 shut, ``gaze`` [T, 2] px, ``brow`` [T] px raised."""

    shift: Array
    roll: Array
    scale: Array
    turn: Array
    blink: Array
    gaze: Array
    brow: Array


@dataclass(frozen=True, slots=True)
class Camera:
    """How a clip was filmed: gain per channel, contrast, blur (weight of each neighbouring pixel), noise in 1/255."""

    gain: tuple[float, float, float]
    gamma: float
    blur: float
    noise: float


def _drift(rng: np.random.Generator, frames: int, seconds: float, size: int = 1) -> NDArray[np.float64]:
    """Return smooth noise [frames, size] of unit spread that changes over about ``seconds``."""
    width = seconds * FPS
    n = frames + int(6 * width)
    kernel = np.exp(-0.5 * (np.arange(-int(3 * width), int(3 * width) + 1) / width) ** 2)
    kernel /= np.sqrt((kernel**2).sum())
    noise = rng.standard_normal((n + 1, size))
    columns = [np.convolve(noise[:, i], kernel, "valid")[:frames] for i in range(size)]
    return np.stack(columns, -1).astype(np.float64)


def motion(rng: np.random.Generator, frames: int, loudness: Array | None = None) -> Motion:
    """Return a clip's head motion. ``loudness`` [T] in 0..1 adds small nods and brow raises on loud syllables."""
    lively = rng.uniform(0.5, 1.3)
    slow, fast = _drift(rng, frames, 0.55, 8), _drift(rng, frames, 0.18, 8)
    accent = np.zeros(frames)
    if loudness is not None and len(loudness) >= frames:
        kernel = np.exp(-0.5 * (np.arange(-12, 13) / 4.0) ** 2)
        accent = np.convolve(loudness[:frames], kernel / kernel.sum(), "same")
        accent = accent - accent.mean()
    framing = rng.normal(0, 1, 4)
    sway = lively * (0.85 * slow[:, :2] + 0.12 * fast[:, :2])
    shift = sway + np.stack([2.0 * framing[0] + 0 * accent, 1.6 * framing[1] + 1.6 * lively * accent], -1)
    blink = np.zeros(frames)
    at = rng.uniform(0.2, 3.0)
    while at < frames / FPS + 0.3:
        t = (np.arange(frames) + 0.5) / FPS - at
        blink = np.maximum(blink, np.where(t < 0, np.clip(1 + t / 0.075, 0, 1), np.clip(1.25 - t / 0.16, 0, 1)))
        at += rng.gamma(3.0, 1.0) + 0.5
    looks = np.cumsum(rng.random(frames) < 1 / 30)
    places = rng.normal(0, 1, (int(looks[-1]) + 1, 2)) * np.array([0.75, 0.35])
    return Motion(
        shift=shift.astype(np.float32),
        roll=(0.018 * framing[2] + lively * (0.016 * slow[:, 2] + 0.002 * fast[:, 2])).astype(np.float32),
        scale=(1 + 0.03 * framing[3] + 0.006 * lively * slow[:, 3]).astype(np.float32),
        turn=(np.array([0.05, 0.03]) * rng.normal(0, 1, 2) + lively * np.array([0.045, 0.03]) * slow[:, 4:6]).astype(
            np.float32
        ),
        blink=blink.astype(np.float32),
        gaze=places[looks].astype(np.float32),
        brow=np.clip(0.5 * slow[:, 6] + 2.0 * accent, -0.8, 1.8).astype(np.float32),
    )


def camera(rng: np.random.Generator) -> Camera:
    """Return a clip's camera."""
    gain = rng.normal(1.0, 0.06) * (1 + rng.normal(0, 0.018, 3))
    return Camera(
        gain=(float(gain[0]), float(gain[1]), float(gain[2])),
        gamma=float(np.exp(rng.normal(0, 0.07))),
        blur=float(rng.choice([0.0, 0.06, 0.12, 0.2], p=[0.35, 0.3, 0.2, 0.15])),
        noise=float(rng.uniform(0.4, 3.0)),
    )
