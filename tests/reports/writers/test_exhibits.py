"""Clips to look at: which are chosen, and what is said where their media are gone."""

from __future__ import annotations

from pathlib import Path

from syncbench.reports.report import gather
from syncbench.reports.writers.exhibits import chosen
from syncbench.reports.writers.page import write_page

from ..conftest import MakeRun, near


def test_the_worst_and_the_best_clips_are_chosen_once_each(make_run: MakeRun) -> None:
    run = make_run("a", [5.0, 1.0, 9.0, 4.0, 8.0, 2.0, 3.0])
    assert chosen(run) == [
        ("s1/clip001", "worst"), ("s0/clip005", "worst"), ("s1/clip006", "worst"),
        ("s2/clip002", "best"), ("s4/clip004", "best"), ("s0/clip000", "best"),
    ]  # fmt: skip
    assert chosen(make_run("b", [1.0])) == [("s0/clip000", "worst")]
    assert chosen(make_run("c", [2.0, 1.0])) == [("s1/clip001", "worst"), ("s0/clip000", "best")]


def test_media_that_is_gone_is_told_and_not_fatal(make_run: MakeRun, tmp_path: Path, films: tuple[Path, Path]) -> None:
    run = make_run("a", near(0, 1, clips=24))
    journal = run.path / "journal.jsonl"
    journal.write_text(journal.read_text().replace(str(films[1]), str(tmp_path / "gone.mp4")))
    (tmp_path / "page").mkdir()
    page = write_page(gather([run.path]), [], [], [], tmp_path / "page").read_text()
    assert 'class="trouble"' in page
    assert "gone.mp4" in page
