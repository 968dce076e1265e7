"""Tables as LaTeX, compiled where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from syncbench.reports.tables.literature import published_tables
from syncbench.reports.writers import latex

from .samples import HOSTILE, SIGNATURE, table


def test_latex_marks_and_keeps_zero() -> None:
    text = latex.to_latex(table(), "main")
    assert r"\textbf{7.500}$^{*\dagger}$" in text
    assert r"\underline{0.000}" in text
    assert "$-$1.25" in text
    assert r"WER (wav2lip) [\%] $\downarrow$" in text
    assert f"  % {SIGNATURE}" in text
    assert f"  % wav2lip: run run-a, sha256 {'ab' * 32}" in text
    assert text.index("third") < text.index(r"\midrule", text.index("third")) < text.index(r"\emph{reference")


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_cannot_be_broken_out_of(text: str) -> None:
    tame, wild = (latex.to_latex(table(t)).splitlines() for t in ("wav2lip", text))
    assert len(wild) == len(tame)
    symbols = "backslash|asciitilde|asciicircum|less|greater|bar"
    known = rf"\\(text({symbols})|char|times|pm|leq|geq|rightarrow|[&%$#_{{}}`'\"])"
    bare = re.sub(known, "", latex.escape(text))
    assert not re.search(r"[\\%&#^~]", bare), bare
    assert latex.escape("{}") == r"\{\}"
    outside = [line for line in wild if not line.lstrip().startswith("%")]
    assert all(line.count("&") - line.count(r"\&") in (0, 3) for line in outside)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles_with_hostile_text(tmp_path: Path) -> None:
    tables = [table(text) for text in HOSTILE] + published_tables()
    (tmp_path / "t.tex").write_text(latex.document(tables), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"],
        cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "t.pdf").stat().st_size > 10_000
