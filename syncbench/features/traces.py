"""What a system left beside its answer: arrays by name, such as memory addresses ``[T, S]``."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from syncbench.clip import Clip
from syncbench.errors import ClipError
from syncbench.feature import Feature
from syncbench.files import read_arrays

__all__ = ["TRACES"]


def _traces(clip: Clip) -> dict[str, NDArray[Any]]:
    file = clip.extras.get("traces")
    if file is None:
        return {}
    try:
        return read_arrays(file)
    except (OSError, ValueError) as error:
        raise ClipError(f"{file}: not a readable npz file of traces; answer the clip again") from error


TRACES = Feature("traces", _traces, reads=frozenset({"traces"}))
"""Arrays by name; none where the system left none."""
