"""Dividing sums, for measurements whose fields may be numbers or arrays of resampled sums."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["ratio"]


def ratio(total: ArrayLike, count: ArrayLike) -> Any:
    """Return ``total / count``, element by element, as float64; NaN where nothing was counted."""
    total, count = np.asarray(total, np.float64), np.asarray(count, np.float64)
    quotient = np.full(np.broadcast_shapes(total.shape, count.shape), np.nan)
    np.divide(total, count, out=quotient, where=count != 0)
    return quotient[()]  # a plain number where both were
