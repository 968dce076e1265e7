"""Sections by strangers: one that breaks is left out with a line that names it, and the rest of the report is there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from syncbench import cli
from syncbench.reports.figures.drawing import WIDTHS, draw
from syncbench.reports.report import report
from syncbench.reports.section import drawings_of, tables_of

from ..conftest import Install
from .conftest import MakeRun

EXTRA = {"extra": "SECTION"}
TABLE = """
from syncbench.reports.section import Section
from syncbench.reports.tables.table import Cell, Column, Row, Table

def tables(runs):
    column = Column("c", "Runs", "", "none", 0, "")
    return [Table("How many runs", "", (column,), (Row("all", "", "", "", (Cell(len(runs), str(len(runs)), "none"),)),))]

SECTION = Section("extra", "how many runs there are", tables=tables)
"""
BROKEN_TABLES = """
from syncbench.reports.section import Section

def tables(runs):
    yield from ()
    raise ValueError("no such\\nthing")

SECTION = Section("extra", "breaks", tables=tables)
"""
BROKEN_FIGURES = """
from syncbench.reports.section import Section

def figures(runs, widths):
    raise KeyError("colour")

SECTION = Section("extra", "breaks", figures=figures)
"""
BROKEN_DRAWING = """
from syncbench.reports.figures.drawing import Drawing
from syncbench.reports.section import Section

def draw():
    return 1 / 0

SECTION = Section("extra", "breaks", figures=lambda runs, widths: [Drawing("extra", "Extra", draw)])
"""
NO_SECTION = "SECTION = 7"
NO_IMPORT = "import nothing_of_this_name"
LACKING = """
from syncbench.errors import Unavailable

raise Unavailable("needs colours: pip install colours")
"""


def test_a_strangers_section_stands_in_the_report(install: Install, make_run: MakeRun) -> None:
    install(TABLE, sections=EXTRA)
    runs = [make_run("a", [7.0, 8.0]), make_run("b", [6.0, 9.0])]
    (table,) = (table for table in tables_of(runs) if table.title == "How many runs")
    assert table.rows[0].cells[0].value == 2


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (BROKEN_TABLES, r"is left out: ValueError: no such thing \(site\d+/stranger.py:6\)"),
        (BROKEN_FIGURES, r"is left out: KeyError: 'colour' \(site\d+/stranger.py:5\)"),
        (BROKEN_DRAWING, r"is left out: ZeroDivisionError: division by zero \(site\d+/stranger.py:6\)"),
        (NO_SECTION, "is no Section: it is left out"),
        (NO_IMPORT, "does not load .*No module named 'nothing_of_this_name'"),
        (LACKING, "needs colours: pip install colours"),
    ],
    ids=["tables", "figures", "drawing", "no section", "no import", "lacking"],
)
def test_one_that_breaks_is_left_out_by_name(
    install: Install, make_run: MakeRun, tmp_path: Path, source: str, reason: str
) -> None:
    install(source, sections=EXTRA)
    run = make_run("a", [7.0, 8.0, 6.5])
    with pytest.warns(UserWarning, match=f"section 'extra' of package stranger:? {reason}") as warned:
        page = report([run.path], tmp_path / "out")
    assert all("\n" not in str(warning.message) for warning in warned)
    assert "LSE-C" in page.read_text()
    assert "LSE-C" in (tmp_path / "out" / "leaderboard.md").read_text()
    assert (tmp_path / "out" / "figures" / "shift.pdf").is_file()


def test_the_command_says_so_in_one_line(
    install: Install,
    make_run: MakeRun,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    install(BROKEN_TABLES, sections=EXTRA)
    run = make_run("a", [7.0, 8.0, 6.5])
    monkeypatch.setattr(sys, "argv", ["syncbench", "report", str(run.path), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    told = capsys.readouterr()
    assert end.value.code == 0
    assert "LSE-C" in told.out
    lines = [line for line in told.err.splitlines() if line.startswith("syncbench: warning: ")]
    assert lines
    (line,) = set(lines)
    said = "syncbench: warning: section 'extra' of package stranger is left out: ValueError: no such thing"
    assert re.fullmatch(re.escape(said) + r" \(site\d+/stranger\.py:6\)", line)


def test_other_sections_draw_beside_one_that_breaks(install: Install, make_run: MakeRun, tmp_path: Path) -> None:
    runs = [make_run("a", [7.0, 8.0, 6.5])]
    own = {figure.name for figure in draw(drawings_of(runs, WIDTHS["cvpr"]), tmp_path / "before")}
    install(BROKEN_DRAWING, sections=EXTRA)
    with pytest.warns(UserWarning, match="section 'extra'"):
        beside = {figure.name for figure in draw(drawings_of(runs, WIDTHS["cvpr"]), tmp_path / "after")}
    assert beside == own
