"""Faces in pictures by S3FD, as syncnet_python's pipeline finds them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syncbench import weights
from syncbench.clip import Frames
from syncbench.faces.detector import Detector
from syncbench.features.resize import rescale
from syncbench.media import Footage, spans

if TYPE_CHECKING:
    from syncbench.baselines.evaluators.s3fd.network import S3FD

__all__ = ["DETECTOR", "SHA256", "find_faces", "suppress", "unavailable"]

SHA256 = weights.lookup("s3fd").sha256
"""Of the official weights."""
_PIXELS = 8 * 180 * 320  # that the network sees at a time, whatever their shape: bounds memory
_CANDIDATE, _OVERLAP, _OVERLAP_PIXELS = 0.05, 0.3, 0.1
_MOST, _KEPT = 5000, 750  # candidates looked at, and left, in the first round


def unavailable() -> str | None:
    """Return None where the official weights are here, else one line with the command that gets them."""
    return weights.unavailable("s3fd")


def find_faces(frames: Frames | Footage, scale: float = 0.25, confidence: float = 0.9) -> list[NDArray[np.float32]]:
    """Return the faces in each frame, float32 ``[n, 5]``: left, top, right, bottom in pixels, confidence 0..1.

    The surest first. Boxes may reach beyond the picture.

    Args:
        frames: uint8 ``[T, H, W, 3]``, RGB.
        scale: the network sees frames of this size, resized as OpenCV does; faces of 16 pixels and more there are found.
        confidence: only faces surer than this, at least 0.05.

    Raises:
        Unavailable: the official weights are not here.

    Source: S. Zhang et al. 2017; ``S3FD.detect_faces`` of joonson/syncnet_python, whose two rounds of suppression (0.3 in
    the network's output, 0.1 in pixels) and scale 0.25 are kept.
    """
    network = _network(weights.require("s3fd"))
    height, width = frames.shape[1:3]
    size = max(1, int(_PIXELS / max(1.0, height * width * scale * scale)))
    found: list[NDArray[np.float32]] = []
    for span in spans(frames, size):
        found += _look(network, rescale(frames[span], scale), height, width, confidence)
    return found


DETECTOR = Detector("s3fd", SHA256, find_faces, unavailable)
"""The same under its name, at the scale and the confidence of syncnet_python."""


def suppress(boxes: NDArray[Any], scores: NDArray[Any], overlap: float) -> NDArray[np.intp]:
    """Return which boxes ``[n, 4]`` stand, the surest first: none that overlaps a surer one by more (IoU)."""
    order = np.argsort(scores, kind="stable")[::-1]
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[np.intp] = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        start = np.maximum(boxes[best, :2], boxes[order, :2])
        end = np.minimum(boxes[best, 2:], boxes[order, 2:])
        common = np.maximum(end - start, 0).prod(axis=1)
        order = order[common / (area[best] + area[order] - common) <= overlap]
    return np.array(kept, np.intp)


def _look(network: S3FD, small: Frames, height: int, width: int, confidence: float) -> list[NDArray[np.float32]]:
    import torch

    from syncbench.baselines.evaluators.s3fd.network import MEAN, anchors, boxes_of

    with torch.inference_mode():
        pixels = torch.from_numpy(small).float() - torch.tensor(MEAN)
        scores, offsets, grids = network(pixels.permute(0, 3, 1, 2))  # channels last in memory as they come
        shares = boxes_of(offsets, anchors(grids, *small.shape[1:3]))
    size = np.array([width, height, width, height], np.float32)
    return [_faces(s, b, size, confidence) for s, b in zip(scores.numpy(), shares.numpy(), strict=True)]


def _faces(
    scores: NDArray[np.float32], shares: NDArray[np.float32], size: NDArray[np.float32], confidence: float
) -> NDArray[np.float32]:
    """Return the faces of one picture from all its anchors' answers: scores ``[P]``, boxes in shares ``[P, 4]``."""
    likely = np.flatnonzero(scores > _CANDIDATE)
    likely = likely[np.argsort(scores[likely], kind="stable")[-_MOST:]]
    first = likely[suppress(shares[likely], scores[likely], _OVERLAP)][:_KEPT]
    sure = first[scores[first] > confidence]
    boxes = (shares[sure] * size).astype(np.float64)  # suppressed in pixels, in double precision
    second = suppress(boxes, scores[sure], _OVERLAP_PIXELS)
    return np.concatenate([boxes[second], scores[sure][second, None]], axis=1).astype(np.float32)


@lru_cache(maxsize=1)
def _network(path: Path) -> S3FD:
    from syncbench.baselines.evaluators.s3fd.network import load_s3fd

    return load_s3fd(path)
