"""What a face does while it speaks, taken from one face and given to another.

Faces are compared upright and at one size: the middle between the eyes is the origin, and the unit is about the distance
between the outer eye corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from syncbench.features.mouths import face_sizes

__all__ = ["Manner", "Pose", "closed_mouth", "draw_manner", "poses", "speak", "upright"]

Array = NDArray[np.float64]

_POSE_SIGMA = 2.0  # frames
_UPPER, _LOWER = np.array([61, 62, 63]), np.array([67, 66, 65])  # facing points of the inner lips
_OUTER_UPPER, _OUTER_LOWER = np.array([50, 51, 52]), np.array([58, 57, 56])
_JAW = np.arange(3, 14)
_SHUT = 0.2  # share of a clip's frames, those with the least opening, whose mean is the mouth at rest
_THIN = 0.012  # least thickness of a lip


@dataclass(frozen=True)
class Pose:
    """Where faces are: ``middle`` between the eyes [T, 2] and ``size`` [T] in pixels, ``angle`` [T] in radians."""

    middle: Array
    size: Array
    angle: Array

    @property
    def turn(self) -> Array:
        """Matrices ``[T, 2, 2]`` that take upright points at unit size to pixels, the middle apart."""
        cos, sin = np.cos(self.angle) * self.size, np.sin(self.angle) * self.size
        return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)


@dataclass(frozen=True)
class Manner:
    """How somebody articulates, beside the driver: gains of the opening, of spreading and rounding, and of the jaw."""

    opening: float
    width: float
    jaw: float


def draw_manner(rng: np.random.Generator) -> Manner:
    """Return a manner of speaking: from mumbling to very clear."""
    return Manner(
        opening=float(np.exp(rng.uniform(np.log(0.65), np.log(1.5)))),
        width=float(np.exp(rng.uniform(np.log(0.6), np.log(1.6)))),
        jaw=float(rng.uniform(0.5, 1.3)),
    )


def poses(points: NDArray[np.floating], sigma: float = _POSE_SIGMA) -> Pose:
    """Return the pose of faces ``[T, 68, 2]``, smoothed over ``sigma`` frames."""
    points = points.astype(np.float64)
    right, left = points[:, 36:42].mean(1), points[:, 42:48].mean(1)
    across = points[:, 45] - points[:, 36]
    middle = (right + left) / 2
    size = face_sizes(points)
    angle = np.arctan2(across[:, 1], across[:, 0])
    if sigma and len(points) > 1:
        middle = ndimage.gaussian_filter1d(middle, sigma, axis=0, mode="nearest")
        angle = ndimage.gaussian_filter1d(angle, sigma, mode="nearest")
        size = np.full_like(size, np.median(size))
    return Pose(middle, size, angle)


def upright(points: NDArray[np.floating], pose: Pose) -> Array:
    """Return faces ``[T, 68, 2]`` upright and at unit size."""
    apart = points.astype(np.float64) - pose.middle[:, None]
    return np.asarray(np.einsum("tij,tkj->tki", np.linalg.inv(pose.turn), apart), np.float64)


def closed_mouth(face: Array, smile: float) -> Array:
    """Return an upright face ``[68, 2]`` with its lips closed and its smile taken back as far as landmarks can."""
    rest = face.copy()
    gap = face[_LOWER, 1] - face[_UPPER, 1]
    rest[_UPPER, 1] += gap / 2
    rest[_LOWER, 1] -= gap / 2
    rest[[49, 50, 51, 52, 53], 1] += np.interp([0.5, 1, 2, 3, 3.5], [0, 1, 2, 3, 4], [0, *gap, 0]) / 2
    rest[[59, 58, 57, 56, 55], 1] -= np.interp([0.5, 1, 2, 3, 3.5], [0, 1, 2, 3, 4], [0, *gap, 0]) / 2
    rest[_JAW, 1] -= 0.6 * gap[1] / 2 * np.sin(np.pi * (_JAW - 2) / 12)
    centre = rest[48:60].mean(0)
    lips = slice(48, 68)
    across = rest[lips, 0] - centre[0]
    reach = max(float(np.abs(across).max()), 1e-6)
    rest[lips, 1] += 0.05 * smile * (across / reach) ** 2 * reach * 2  # corners of a smile stand high
    rest[lips, 0] = centre[0] + across * (1 - 0.14 * smile)
    return rest


def speak(rest: Array, driver: Array, manner: Manner) -> Array:
    """Return the face ``rest`` [68, 2] speaking as ``driver`` [T, 68, 2] does, ``[T, 68, 2]``; all upright.

    Only what changes is taken from the driver: lips and jaw relative to its own closed mouth, in widths of the mouth.
    """
    opening = (driver[:, _LOWER, 1] - driver[:, _UPPER, 1]).mean(1)
    shut = opening <= np.quantile(opening, _SHUT)
    moved = driver - driver[shut].mean(0)
    ratio = np.linalg.norm(rest[54] - rest[48]) / np.linalg.norm((driver[shut, 54] - driver[shut, 48]).mean(0))
    face = np.repeat(rest[None], len(driver), axis=0)
    face[:, 48:68, 0] += moved[:, 48:68, 0] * ratio * manner.width
    face[:, 48:68, 1] += moved[:, 48:68, 1] * ratio * manner.opening
    face[:, _JAW] += moved[:, _JAW] * ratio * manner.jaw * manner.opening
    middle = (face[:, _UPPER, 1] + face[:, _LOWER, 1]) / 2
    face[:, _UPPER, 1] = np.minimum(face[:, _UPPER, 1], middle)
    face[:, _LOWER, 1] = np.maximum(face[:, _LOWER, 1], middle)
    face[:, _OUTER_UPPER, 1] = np.minimum(face[:, _OUTER_UPPER, 1], face[:, _UPPER, 1] - _THIN)
    face[:, _OUTER_LOWER, 1] = np.maximum(face[:, _OUTER_LOWER, 1], face[:, _LOWER, 1] + _THIN)
    return face
