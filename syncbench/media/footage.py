"""Frames of a video of any length: decoded piece by piece, kept whole only where they are few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames
from syncbench.errors import ClipError

__all__ = ["HELD_BYTES", "WHOLE_BYTES", "Footage", "spans"]

_PIECE = 64  # frames
_PIECE_BYTES = 32 << 20
HELD_BYTES = 256 << 20
"""Footage of at most this size is kept in memory once it is decoded; longer footage is decoded anew for each pass."""
WHOLE_BYTES = 4 << 30
"""The most that is given as one array."""


def spans(frames: Frames | Footage, size: int = _PIECE) -> Iterator[slice]:
    """Yield the slices that cut frames ``[T, H, W, 3]`` into pieces: of ``size`` frames, of fewer where they are large."""
    size = max(1, min(size, _PIECE_BYTES // max(1, int(np.prod(frames.shape[1:])))))
    for start in range(0, len(frames), size):
        yield slice(start, min(start + size, len(frames)))


class Footage:
    """The frames of a video, uint8 ``[T, H, W, 3]`` RGB, 25 per second, as a sequence that need not lie in memory.

    ``footage[a:b]`` is an array. Going forward, slice after slice (:func:`spans`), costs one decoding in all; going
    back starts another. ``np.asarray(footage)`` is the whole, where it fits.

    >>> footage = Footage.of(np.zeros((5, 4, 6, 3), np.uint8))
    >>> len(footage), footage.shape, footage[1:3].shape
    (5, (5, 4, 6, 3), (2, 4, 6, 3))
    """

    ndim = 4
    dtype = np.dtype(np.uint8)

    def __init__(self, shape: tuple[int, int, int, int], decode: Callable[[], Iterator[Frames]], name: str) -> None:
        """``decode`` yields all frames, some at a time, from the first one on; ``name`` stands in errors."""
        self.shape = shape
        self._decode = decode
        self._name = name
        self._held: Frames | None = None
        self._pieces: Iterator[Frames] | None = None
        self._at = 0  # number of the first frame in ``_near``
        self._near = np.zeros((0, *shape[1:]), np.uint8)  # the last frames decoded

    @classmethod
    def of(cls, frames: Frames) -> Footage:
        """Return an array as footage."""
        footage = cls(frames.shape, lambda: iter(()), "these frames")
        footage._held = frames
        return footage

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        """Size of the whole in memory."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __getitem__(self, wanted: slice) -> Frames:
        start, stop, step = wanted.indices(len(self))
        if step != 1:
            raise ValueError("footage goes forward frame by frame: take a slice without a step")
        if self._held is None and self.nbytes <= HELD_BYTES:
            self._held = self._whole()
        if self._held is not None:
            return self._held[start:stop]
        return self._between(start, max(start, stop))

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for span in spans(self):
            yield from self[span]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if self.nbytes > WHOLE_BYTES:
            raise ClipError(
                f"{self._name}: takes over {WHOLE_BYTES >> 30} GiB once decoded, more than is worked on at once here; "
                "cut it into shorter clips"
            )
        whole = self[:] if self._held is not None or self.nbytes <= HELD_BYTES else self._whole()
        return np.array(whole, dtype or np.uint8, copy=bool(copy))

    def _whole(self) -> Frames:
        whole = np.empty(self.shape, np.uint8)
        count = 0
        for piece in self._decode():
            whole[count : count + len(piece)] = piece
            count += len(piece)
        self._check(count)
        return whole

    def _between(self, start: int, stop: int) -> Frames:
        if self._pieces is None or start < self._at:
            self._pieces, self._at, self._near = self._decode(), 0, self._near[:0]
        found: list[Frames] = []
        while True:
            end = self._at + len(self._near)
            if start < end:
                found.append(self._near[start - self._at : stop - self._at])
                start = min(stop, end)
            if start == stop:
                return found[0] if len(found) == 1 else np.concatenate([self._near[:0], *found])
            self._at, self._near = end, next(self._pieces, self._near[:0])
            if not len(self._near):
                self._check(end)

    def _check(self, count: int) -> None:
        if count != len(self):
            raise ClipError(f"{self._name}: it changed while it was read; run this again")
