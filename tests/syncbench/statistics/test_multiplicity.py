"""Many tests at once."""

from __future__ import annotations

import pytest

from syncbench.statistics.multiplicity import holm


def test_holm_is_never_milder_than_the_p_value_and_keeps_the_order() -> None:
    corrected = holm({"x": 0.01, "y": 0.04, "z": 0.03, "w": 0.005})
    assert corrected == pytest.approx({"x": 0.03, "y": 0.06, "z": 0.06, "w": 0.02})
    assert holm({"only": 0.2}) == {"only": 0.2}
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
