"""The figure of one score's responses."""

from __future__ import annotations

from pathlib import Path

from syncbench.validity.faults import LADDERS
from syncbench.validity.figure import draw

from .conftest import response


def test_figures_show_every_ladder(tmp_path: Path) -> None:
    drawn = [response("lse_c", ladder.name, [5, 4, 3], -1, 1) for ladder in LADDERS]
    draw(drawn, tmp_path / "lse_c.svg")
    text = (tmp_path / "lse_c.svg").read_text()
    assert text.count('id="axes_') == -(-len(LADDERS) // 4) * 4, "a panel each, and the empty places of the last row"
