"""Smooth maps of the plane that take given points to given points: thin-plate splines, many at once.

Source: F. L. Bookstein, "Principal warps", IEEE TPAMI 1989.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["apply_spline", "fit_spline", "kernel"]

_STIFF = 1e-4
"""Smoothing, at faces of unit size: points are met to a hundredth of a pixel, and the nearly equal do no harm."""


def kernel(a: Tensor, b: Tensor) -> Tensor:
    """Return r² log r² between points ``[..., n, 2]`` and ``[..., m, 2]``, ``[..., n, m]``."""
    squared = torch.cdist(a, b).square_()
    return torch.xlogy(squared, squared)


def fit_spline(points: Tensor, values: Tensor) -> Tensor:
    """Return the weights ``[T, n + 3, 2]`` of the splines that take points ``[T, n, 2]`` to values ``[T, n, 2]``."""
    batch, n, _ = points.shape
    plane = torch.cat([torch.ones(batch, n, 1, dtype=points.dtype), points], -1)  # [T, n, 3]
    system = torch.zeros(batch, n + 3, n + 3, dtype=points.dtype)
    system[:, :n, :n] = kernel(points, points) + _STIFF * torch.eye(n, dtype=points.dtype)
    system[:, :n, n:], system[:, n:, :n] = plane, plane.transpose(1, 2)
    wanted = torch.cat([values, torch.zeros(batch, 3, 2, dtype=points.dtype)], 1)
    weights: Tensor = torch.linalg.solve(system, wanted)
    return weights


def apply_spline(weights: Tensor, near: Tensor, at: Tensor) -> Tensor:
    """Return where points ``at`` [T, m, 2] are taken, given their kernel ``near`` [T, m, n] to the spline's points."""
    n = near.shape[-1]
    return near @ weights[:, :n] + weights[:, n : n + 1] + at @ weights[:, n + 1 :]
