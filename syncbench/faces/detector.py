"""Face detectors: who finds faces in a picture.

Found by the entry points ``syncbench.detectors``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from syncbench.clip import Frames
from syncbench.feature import available

__all__ = ["Detector"]


@dataclass(frozen=True)
class Detector:
    """A network that finds faces.

    Attributes:
        name: as options and signatures say it.
        weights: SHA-256 of its weights.
        find: frames uint8 ``[T, H, W, 3]`` RGB -> for each frame float32 ``[n, 5]``: left, top, right and bottom in
            pixels, and a score 0..1; best first.
        unavailable: returns None, or one line: what is missing and the command that gets it.
    """

    name: str
    weights: str
    find: Callable[[Frames], list[NDArray[np.float32]]]
    unavailable: Callable[[], str | None] = available

    @property
    def label(self) -> str:
        """Its name with the hash of its weights, such as ``mtcnn@45209c89``."""
        return f"{self.name}@{self.weights[:8]}"
