"""MTCNN as the bundled face detector: faces in pictures of any size, several pictures of one size at once.

K. Zhang et al., "Joint face detection and alignment using multitask cascaded convolutional networks" (IEEE SPL 2016), with
the weights of facenet-pytorch 2.6.0 (MIT): same boxes as its ``MTCNN``.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.checkpoint import load_tensors
from syncbench.baselines.evaluators.mtcnn.network import Output, Proposal, Refinement
from syncbench.clip import Frames
from syncbench.faces.detector import Detector
from syncbench.files import file_hash

__all__ = ["MTCNN", "WEIGHTS", "find_faces"]

WEIGHTS = Path(__file__).with_name("weights.safetensors")

Boxes = NDArray[np.float32]
"""Boxes ``[N, 4]``: left, top, right, bottom in pixels."""

_FACTOR = 0.709  # of the pyramid
_WINDOW, _STRIDE = 12, 2  # of the first network
_THRESHOLDS = (0.6, 0.7, 0.7)
_BATCH = 512
_LINES = 320  # a larger picture is made about that small first: its faces are larger too
_PICTURES = 16  # at a time
_PER_FACE = 12  # the smallest face looked for is that part of the picture's shorter side


def find_faces(frames: Frames, smallest: int = 40) -> list[NDArray[np.float32]]:
    """Return the faces of each frame, ``[N, 5]``: box and score 0..1, best first.

    Args:
        frames: uint8 ``[T, H, W, 3]`` RGB.
        smallest: side of the smallest face that is looked for, in pixels.
    """
    return _faces(torch.from_numpy(np.array(frames)).permute(0, 3, 1, 2).float(), smallest)


def _faces(pictures: Tensor, smallest: int) -> list[NDArray[np.float32]]:
    """Return the faces in pictures ``[T, 3, H, W]`` of 0..255."""
    proposal, refinement, output = _networks()
    with torch.inference_mode():
        found = _propose(proposal, pictures, smallest)
        found = _judge(refinement, pictures, found, 24, _THRESHOLDS[1])
        found = [_moved(boxes[_suppress(boxes, 0.7)]) for boxes in found]
        found = [np.concatenate([_squared(boxes[:, :4]), boxes[:, 4:5]], axis=1) for boxes in found]
        found = _judge(output, pictures, found, 48, _THRESHOLDS[2])
    moved = [_moved(boxes)[:, :5] for boxes in found]
    return [boxes[_suppress(boxes, 0.7, smaller=True)] for boxes in moved]


def _find(frames: Frames) -> list[NDArray[np.float32]]:
    """Return faces of at least a twelfth of the picture's shorter side, ``[n, 5]`` for each frame."""
    height, width = frames.shape[1:3]
    step = max(1, min(height, width) // _LINES)
    pictures = torch.from_numpy(np.array(frames)).permute(0, 3, 1, 2)
    found: list[NDArray[np.float32]] = []
    for start in range(0, len(pictures), _PICTURES):
        some = pictures[start : start + _PICTURES]
        small = torch.stack([F.avg_pool2d(one.float(), step) if step > 1 else one.float() for one in some])
        found += _faces(small, max(_WINDOW, min(height, width) // step // _PER_FACE))
    for boxes in found:
        boxes[:, :4] *= step
    return found


MTCNN = Detector("mtcnn", file_hash(WEIGHTS), _find)


@lru_cache(maxsize=1)
def _networks() -> tuple[Proposal, Refinement, Output]:
    tensors = load_tensors(WEIGHTS)
    networks = Proposal(), Refinement(), Output()
    for name, network in zip(("pnet", "rnet", "onet"), networks, strict=True):
        own = {k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")}
        network.load_state_dict(own)
        network.eval()
    return networks


def _scaled(pixels: Tensor) -> Tensor:
    return (pixels - 127.5) * 0.0078125


def _propose(network: Proposal, pictures: Tensor, smallest: int) -> list[NDArray[np.float32]]:
    """Return square windows worth a second look, ``[N, 5]`` for each picture."""
    height, width = pictures.shape[2:]
    kept: list[list[NDArray[np.float32]]] = [[] for _ in pictures]
    scale = _WINDOW / smallest
    while min(height, width) * scale >= _WINDOW:
        small = F.interpolate(pictures, size=(int(height * scale + 1), int(width * scale + 1)), mode="area")
        probability, move = network(_scaled(small))  # [T, h, w], [T, 4, h, w]
        for picture, (p, m) in enumerate(zip(probability, move, strict=True)):
            rows, columns = torch.nonzero(p >= _THRESHOLDS[0], as_tuple=True)
            place = torch.stack([columns, rows], dim=1).float() * _STRIDE
            corners = torch.cat([((place + 1) / scale).floor(), ((place + _WINDOW) / scale).floor()], dim=1)
            found = torch.cat([corners, p[rows, columns, None], m[:, rows, columns].T], dim=1).numpy()  # [N, 9]
            kept[picture].append(found[_suppress(found, 0.5, pixels=0)])
        scale *= _FACTOR
    windows: list[NDArray[np.float32]] = []
    for of_picture in kept:
        found = np.concatenate(of_picture) if of_picture else np.zeros((0, 9), np.float32)
        found = found[_suppress(found, 0.7, pixels=0)]
        sides = found[:, 2:4] - found[:, :2]
        boxes = (found[:, :4] + found[:, 5:] * np.concatenate([sides, sides], axis=1)).astype(np.float32)
        windows.append(np.concatenate([_squared(boxes), found[:, 4:5]], axis=1))
    return windows


def _judge(
    network: Refinement | Output, pictures: Tensor, windows: list[NDArray[np.float32]], side: int, threshold: float
) -> list[NDArray[np.float32]]:
    """Return the windows of each picture that pass, ``[N, 9]``: box, score, and how to move it."""
    crops: list[Tensor] = []
    owners: list[tuple[int, int]] = []
    height, width = pictures.shape[2:]
    for picture, boxes in enumerate(windows):
        corners = np.trunc(boxes[:, :4]).astype(np.int64)
        low = np.maximum(corners[:, :2], 1) - 1
        high = np.minimum(corners[:, 2:], (width, height))
        for row in range(len(boxes)):
            (left, top), (right, bottom) = low[row], high[row]
            if right > left and bottom > top:
                part = pictures[picture : picture + 1, :, top:bottom, left:right]
                crops.append(F.interpolate(part, size=(side, side), mode="area"))
                owners.append((picture, row))
    found: list[list[NDArray[np.float32]]] = [[] for _ in windows]
    for start in range(0, len(crops), _BATCH):
        score, move = network(_scaled(torch.cat(crops[start : start + _BATCH])))
        for (picture, row), s, m in zip(owners[start:], score.numpy(), move.numpy(), strict=False):
            if s > threshold:
                found[picture].append(np.concatenate([windows[picture][row, :4], [s], m]).astype(np.float32))
    return [np.stack(rows) if rows else np.zeros((0, 9), np.float32) for rows in found]


def _moved(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move boxes ``[N, 9]`` by their last four columns, shares of their sides."""
    sides = boxes[:, 2:4] - boxes[:, :2] + 1
    corners = boxes[:, :4] + boxes[:, 5:] * np.concatenate([sides, sides], axis=1)
    return np.concatenate([corners, boxes[:, 4:5]], axis=1).astype(np.float32)


def _squared(boxes: Boxes) -> Boxes:
    """Return squares with the boxes' centres and longer sides."""
    sides = boxes[:, 2:4] - boxes[:, :2]
    longest = sides.max(axis=1, keepdims=True) if len(boxes) else np.zeros((0, 1), np.float32)
    corner = boxes[:, :2] + sides * 0.5 - longest * 0.5
    return np.concatenate([corner, corner + longest], axis=1).astype(np.float32)


def _suppress(
    boxes: NDArray[np.float32], overlap: float, *, smaller: bool = False, pixels: int = 1
) -> NDArray[np.intp]:
    """Return which boxes to keep, best first: none that overlaps a better one by more than a share.

    The share is of both together, or with ``smaller`` of the smaller one. ``pixels``: 1 counts both edges as inside.
    Of equal scores the last one counts as best, as in facenet-pytorch.
    """
    order = np.argsort(boxes[:, 4], kind="stable")[::-1]
    corners = boxes[order, :4]
    area = (corners[:, 2] - corners[:, 0] + pixels) * (corners[:, 3] - corners[:, 1] + pixels)
    alive = np.ones(len(order), bool)
    kept: list[int] = []
    for i in range(len(order)):
        if not alive[i]:
            continue
        kept.append(int(order[i]))
        low, high = np.maximum(corners[i, :2], corners[:, :2]), np.minimum(corners[i, 2:], corners[:, 2:])
        shared = np.maximum(high - low + pixels, 0).prod(axis=1)
        whole = np.minimum(area[i], area) if smaller else area[i] + area - shared
        alive &= shared / np.maximum(whole, 1e-9) <= overlap
    return np.array(kept, dtype=np.intp)
