"""Mouth crops with the lip points in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncbench.baselines.evaluators.training.decoded import Decoded
from syncbench.baselines.evaluators.training.mouths import STORED_SCALE, STORED_SIDE
from syncbench.features.mouths import crop_mouths, mouth_boxes

__all__ = ["MouthViews", "mouth_views"]


@dataclass(frozen=True)
class MouthViews:
    """Mouth crops [N, 96, 96] cut wider than the network sees, and their 20 points in 0..1 across the crop."""

    crops: NDArray[np.uint8]
    points: NDArray[np.float32]


def mouth_views(material: Decoded) -> MouthViews:
    """Cut the mouths of a material and carry the lip points into the crops; frames without landmarks are left out."""
    crops, points = [], []
    for span in material:
        known = np.array(material.landmarks[span])
        boxes = mouth_boxes(known)
        if boxes is None:
            continue
        centres, sides = boxes
        found = np.isfinite(known).all((1, 2))
        crops.append(crop_mouths(material.frames[span], known, STORED_SIDE, STORED_SCALE)[found])
        inside = (known[:, 48:] - centres[:, None]) / (sides * STORED_SCALE)[:, None, None] + 0.5
        points.append(inside[found].astype(np.float32))
    return MouthViews(np.concatenate(crops), np.concatenate(points))
