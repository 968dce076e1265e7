"""Context lengths of one model make a curve."""

from __future__ import annotations

from pathlib import Path

from ..conftest import BASE, MakeRun
from .kinds import drawn


def test_context_lengths_of_one_model_make_a_curve(make_run: MakeRun, tmp_path: Path) -> None:
    runs = [
        make_run("cals", [v + c / 10 for v in BASE[:12]], name=f"cals-{c}", options={"context": str(c)})
        for c in (0, 5, 30)
    ]
    assert "context" in drawn(runs, tmp_path)
    assert "context" not in drawn(runs[:1], tmp_path / "one")
