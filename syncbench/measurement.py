"""Measurements: what a clip, or the sum of many, contributed to scores. Frozen values with a zero and ``+``.

Streaming, sharding, resuming, merging and bootstrapping are all sums of measurements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Measurement", "Ratios", "ratio"]


def ratio(total: ArrayLike, count: ArrayLike) -> Any:
    """Return ``total / count``, element by element, as float64; NaN where nothing was counted.

    >>> ratio(6, 4)
    1.5
    """
    total, count = np.asarray(total, np.float64), np.asarray(count, np.float64)
    quotient = np.full(np.broadcast_shapes(total.shape, count.shape), np.nan)
    np.divide(total, count, out=quotient, where=count != 0)
    return quotient.item() if quotient.ndim == 0 else quotient


@dataclass(frozen=True)
class Measurement:
    """What one clip, or the sum of many, contributed.

    Most metrics need no class of their own: see :class:`Ratios`. A subclass is a frozen dataclass whose fields all
    default to zero. Fields are counts and sums, never means: ``scores`` divides at the end, in plain NumPy arithmetic on
    the fields, so that it works on arrays of resampled sums as well (that is how intervals are made). Fields may be
    arrays; ``+`` adds them element by element.

    Attributes:
        measured, asked: frames that entered the measurement, and frames that the clip has; 0 and 0 where frames say
            nothing of it (words).
    """

    measured: int = field(default=0, kw_only=True)
    asked: int = field(default=0, kw_only=True)

    def __init_subclass__(cls) -> None:
        hidden = {"zero", "coverage", "sums", "of", "resamplable", "measured", "asked"} & cls.__annotations__.keys()
        if hidden:
            raise TypeError(
                f"{cls.__name__}: a measurement has a meaning for '{min(hidden)}': name the field otherwise"
            )

    @classmethod
    def zero(cls) -> Self:
        """Return the measurement of no clips."""
        return cls()

    def __add__(self, other: Self) -> Self:
        if type(self) is not type(other):
            raise TypeError(f"cannot add {type(self).__name__} and {type(other).__name__}")
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return type(self)(**sums)

    def scores(self) -> dict[str, Any]:
        """Return score name -> value; NaN where nothing was counted."""
        raise NotImplementedError

    @property
    def coverage(self) -> float | None:
        """The share of the frames that was measured, 0..1; None where frames say nothing."""
        return self.measured / self.asked if self.asked else None

    def sums(self) -> dict[str, Any]:
        """Return the numbers (or arrays) that ``+`` adds, by name: what is written down of it."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def of(cls, sums: Mapping[str, Any]) -> Self:
        """Return the measurement of ``sums``: of numbers, or of arrays of resampled numbers."""
        return cls(**sums)

    @classmethod
    def resamplable(cls) -> bool:
        """Return whether it is made of plain numbers, so that its sums can be resampled."""
        return not any(isinstance(value, np.ndarray) for value in cls.zero().sums().values())


@dataclass(frozen=True)
class Ratios(Measurement):
    """Scores that are a sum over a count: means, rates, shares.

    >>> Ratios({"psnr": (90.0, 3)}) + Ratios({"psnr": (10.0, 1)})
    Ratios(measured=0, asked=0, pairs={'psnr': (100.0, 4)})
    >>> _.scores()
    {'psnr': 25.0}

    Attributes:
        pairs: score name -> (total, count).
    """

    pairs: Mapping[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])

    def __add__(self, other: Self) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride]
        if type(self) is not type(other):
            raise TypeError(f"cannot add {type(self).__name__} and {type(other).__name__}")
        pairs = dict(self.pairs)
        for name, (total, count) in other.pairs.items():
            before = pairs.get(name, (0, 0))
            pairs[name] = (before[0] + total, before[1] + count)
        return type(self)(pairs, measured=self.measured + other.measured, asked=self.asked + other.asked)

    def scores(self) -> dict[str, Any]:
        return {name: ratio(total, count) for name, (total, count) in self.pairs.items()}

    def sums(self) -> dict[str, Any]:
        flat: dict[str, Any] = {"measured": self.measured, "asked": self.asked}
        for name, (total, count) in self.pairs.items():
            flat |= {f"{name}/total": total, f"{name}/count": count}
        return flat

    @classmethod
    def of(cls, sums: Mapping[str, Any]) -> Self:
        names = [key.removesuffix("/total") for key in sums if key.endswith("/total")]
        pairs = {name: (sums[f"{name}/total"], sums[f"{name}/count"]) for name in names}
        return cls(pairs, measured=sums.get("measured", 0), asked=sums.get("asked", 0))
