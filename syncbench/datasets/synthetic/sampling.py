"""Sampling of textures, and soft painting on a canvas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["bell", "bilinear", "blend", "soft_edge"]

Array = NDArray[np.floating]


def bilinear(texture: Array, x: Array, y: Array) -> Array:
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


def soft_edge(distance: Array, width: float = 1.0) -> Array:
    result: Array = np.clip(distance / width + 0.5, 0, 1)
    return result


def blend(canvas: Array, colour: Array, cover: Array) -> None:
    canvas += cover[..., None] * (colour - canvas)


def bell(x: Array) -> Array:
    result: Array = np.exp(-x * x)
    return result
