"""What a system left beside its answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench.clip import Clip
from syncbench.errors import ClipError
from syncbench.feature import Features
from syncbench.features.traces import TRACES


def test_kept_traces_are_read_and_damaged_ones_are_one_clear_line(tmp_path: Path) -> None:
    assert Features(Clip("a"))[TRACES] == {}
    path = tmp_path / "t.npz"
    np.savez(path, level=np.arange(3))
    clip = Clip("a", extras={"traces": path})
    assert Features(clip)[TRACES]["level"].tolist() == [0, 1, 2]
    path.write_bytes(b"broken")
    with pytest.raises(ClipError, match="not a readable npz"):
        Features(clip)[TRACES]
