"""Figures: drawn where the runs hold their data, vector, fonts embedded, the same for equal runs."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from syncbench.reports.figures import COLUMN_WIDTHS, draw_all, readability, snr, style
from syncbench.reports.leaderboard import leaderboard
from syncbench.reports.report import report

from .conftest import MakeRun

BASE = list(np.random.default_rng(0).normal(7.0, 1.0, 12))


def drawn(runs: list, folder: Path) -> set[str]:
    return {figure.name.partition("-")[0] for figure in draw_all(runs, leaderboard(runs), folder)}


def test_figures_are_vector_with_embedded_fonts_at_column_width(make_run: MakeRun, tmp_path: Path) -> None:
    runs = [make_run("reference", BASE), make_run("evil $x_y$ \\input", [v - 1 for v in BASE], traces=True)]
    assert drawn(runs, tmp_path / "f") == {"leaderboard", "correlation", "shift", "memory"}
    pdf = (tmp_path / "f" / "shift.pdf").read_bytes()
    assert b"/FontFile2" in pdf  # TrueType outlines, embedded
    assert b"/Type3" not in pdf
    box = re.search(rb"/MediaBox \[ *0 0 ([\d.]+)", pdf)
    assert box is not None
    assert abs(float(box[1]) / 72 - COLUMN_WIDTHS["cvpr"][0]) < 0.01
    svg = (tmp_path / "f" / "shift.svg").read_text()
    assert "<image" not in svg
    assert {path.suffix for path in (tmp_path / "f").iterdir()} == {".pdf", ".svg", ".png"}
    drawn(runs, tmp_path / "again")
    for path in (tmp_path / "f").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_recognisers_get_error_rates_against_noise(make_run: MakeRun, tmp_path: Path) -> None:
    noisy = [(f"audio=babble@{snr},visual=clean", [4 - snr // 5, 3, 3]) for snr in (0, 5, 10)]
    run = make_run("av", [0, 1, 0], task="avsr", conditions=noisy)
    assert "snr" in drawn([run], tmp_path)
    blurred = [(condition.replace("visual=clean", "visual=blur@2"), values) for condition, values in noisy]
    both = make_run("lips $too$", [0, 1, 0], task="avsr", conditions=[*noisy, *blurred])
    with style():
        canvas = snr([run, both], *COLUMN_WIDTHS["cvpr"])
        assert canvas is not None
        canvas.draw_without_rendering()
    assert [axis.get_title("left") for axis in canvas.axes] == ["video: clean", "video: blur@2"]
    assert [text.get_text() for text in canvas.axes[0].get_xticklabels()] == ["0", "5", "10", "clean"]
    lines = [[line for line in axis.lines if len(line.get_xdata()) == 3] for axis in canvas.axes]
    assert [len(found) for found in lines] == [2, 1]
    legend = canvas.legends[0].get_window_extent()
    assert canvas.bbox.x0 <= legend.x0 < legend.x1 <= canvas.bbox.x1, "nothing is cut off"


def test_context_lengths_of_one_model_make_a_curve(make_run: MakeRun, tmp_path: Path) -> None:
    runs = [
        make_run("cals", [v + c / 10 for v in BASE], name=f"cals-{c}", options={"context": str(c)}) for c in (0, 5, 30)
    ]
    assert "context" in drawn(runs, tmp_path)
    assert "context" not in drawn(runs[:1], tmp_path / "one")


def test_lip_readability_makes_bars(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("a", BASE)
    read = dataclasses.replace(
        run.summary.scores[0],
        name="lip_wer",
        metric="readability",
        title="Lip WER",
        unit="%",
        value=80.0,
        low=70.0,
        high=90.0,
    )
    heard = dataclasses.replace(run, summary=run.summary.model_copy(update={"scores": [read]}))
    with style():
        canvas = readability([run, heard], 3.25)
        assert canvas is not None
        assert len(canvas.axes[0].patches) == 1
        assert readability([run], 3.25) is None


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_a_paper_with_table_and_figure_compiles(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("evil_$name & co", BASE)
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
