"""What fusion gains, from real runs over a grid of conditions."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from syncbench.datasets.lrs2 import LRS2
from syncbench.reports.sections.corruption import conditions
from syncbench.reports.sections.fusion import fusion_tables
from syncbench.reports.writers.terminal import print_tables
from syncbench.runs import Request, Run, run


@pytest.fixture(scope="module")
def runs(lrs2_grid: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Four recognisers on six clips: each leaves out some words, in every condition the same."""
    folder = tmp_path_factory.mktemp("runs")
    root = lrs2_grid
    clips = LRS2.clips(root, "test", 6)
    made: list[Run] = []
    for name, streams, kept in (
        ("hears", "audio", lambda i: 5),
        ("sees", "video", lambda i: 3),
        ("both", "audio+video", lambda i: 6 if i else 4),
        ("worse", "audio+video", lambda i: 4),
    ):
        file = folder / f"{name}.txt"
        lines = [f"{c.id} {' '.join((c.transcript or '').split()[: kept(i)])}" for i, c in enumerate(clips)]
        file.write_text("\n".join(lines))
        request = Request(
            model=f"hypotheses:{file}", dataset="lrs2", root=str(root), limit=6, metrics=("word_error",),
            audio=("clean", "white@-5", "white@5"), options={"streams": streams},
        )  # fmt: skip
        made.append(run(request, folder / name, workers=1))
    return made


def test_gains_tests_and_decibels_come_out_of_runs(runs: list[Run], capsys: pytest.CaptureFixture[str]) -> None:
    (table,) = fusion_tables(runs)
    assert [row.title for row in table.rows] == ["clean", "white@-5", "white@5"]
    for row in table.rows:
        both, worse, p = row.cells
        assert both.value == pytest.approx(100 / 6 - 100 * 2 / 36)
        assert both.interval is not None
        assert both.interval[0] <= both.value <= both.interval[1]
        assert worse.value == pytest.approx(100 / 6 - 200 / 6)
        assert worse.note == "fusion harms"
        assert p.value is not None
        assert p.value < 0.05
        assert "segments" in p.note
    # Nothing changes with the noise: the systems without errors' target are outside the grid.
    assert any("seeing is worth at least 5.0 dB of white" in note for note in table.notes)
    assert any("seeing is worth at most -5.0 dB of white" in note for note in table.notes)
    print_tables([table])
    assert "gain" in capsys.readouterr().out


def test_the_grid_is_printed_with_conditions_as_rows_and_intervals_within_100_columns(runs: list[Run]) -> None:
    console = Console(width=100, file=io.StringIO(), color_system=None)
    print_tables(conditions(runs), console)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, lines)) <= 100
    (found,) = (i for i, line in enumerate(lines) if line.startswith("│ white@-5 "))
    assert lines[found].count("│") == 6, "four systems in one part"
    assert re.findall(r"\d+\.\d\d", lines[found]) == ["16.67", "50.00", "5.56", "33.33"]
    assert len(re.findall(r"\[\d+\.\d\d, \d+\.\d\d\]", lines[found + 1])) == 4


def test_incomplete_sets_and_other_seeds_make_no_table(runs: list[Run]) -> None:
    assert fusion_tables(runs[:2]) == []
    assert fusion_tables(runs[1:]) == []
    assert fusion_tables([]) == []
