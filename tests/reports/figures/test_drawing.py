"""Figures: drawn where the runs hold their data, vector, fonts embedded, the same for equal runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from syncbench.reports.figures.drawing import WIDTHS
from syncbench.reports.report import report

from ..conftest import BASE, MakeRun
from .kinds import drawn

DOZEN = list(BASE[:12])


def test_figures_are_vector_with_embedded_fonts_at_column_width(make_run: MakeRun, tmp_path: Path) -> None:
    runs = [make_run("reference", DOZEN), make_run("evil $x_y$ \\input", [v - 1 for v in DOZEN], traces=True)]
    assert drawn(runs, tmp_path / "f") == {"leaderboard", "correlation", "shift", "memory"}
    pdf = (tmp_path / "f" / "shift.pdf").read_bytes()
    assert b"/FontFile2" in pdf  # TrueType outlines, embedded
    assert b"/Type3" not in pdf
    box = re.search(rb"/MediaBox \[ *0 0 ([\d.]+)", pdf)
    assert box is not None
    assert abs(float(box[1]) / 72 - WIDTHS["cvpr"].column) < 0.01
    svg = (tmp_path / "f" / "shift.svg").read_text()
    assert "<image" not in svg
    assert {path.suffix for path in (tmp_path / "f").iterdir()} == {".pdf", ".svg", ".png"}
    drawn(runs, tmp_path / "again")
    for path in (tmp_path / "f").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_a_paper_with_table_and_figure_compiles(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("evil_$name & co", DOZEN)
    report([run.path], tmp_path / "out")
    paper = (
        r"\documentclass[twocolumn]{article}\usepackage{booktabs,graphicx}\begin{document}"
        r"\input{out/leaderboard.tex}\includegraphics{out/figures/shift.pdf}\end{document}"
    )
    (tmp_path / "paper.tex").write_text(paper)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "shift.pdf" in done.stdout
