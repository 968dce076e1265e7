"""Frames of a clip, and their shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import Clip, Feature, Frames

__all__ = ["FRAMES", "SHAPE", "FramesFeature", "ShapeFeature"]


@dataclass(frozen=True)
class FramesFeature:
    """The clip's frames, uint8 ``[T, H, W, 3]``, RGB, 25 per second. Kept in memory only: the video is their store."""

    name: str = "frames"
    version: int = 1
    weights: str = ""
    needs: tuple[Feature, ...] = ()
    stored: bool = False

    def compute(self, clip: Clip, *needs: Any) -> Frames:
        return clip.frames()


FRAMES = FramesFeature()


@dataclass(frozen=True)
class ShapeFeature:
    """Length, height and width of the clip's frames, int64 ``[3]``."""

    name: str = "shape"
    version: int = 1
    weights: str = ""
    needs: tuple[Feature, ...] = (FRAMES,)
    stored: bool = True

    def compute(self, clip: Clip, *needs: Any) -> NDArray[np.int64]:
        (frames,) = needs
        return np.array(frames.shape[:3], np.int64)


SHAPE = ShapeFeature()
