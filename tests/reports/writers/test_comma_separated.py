"""Tables as comma-separated values."""

from __future__ import annotations

import csv
import io

import pytest

from syncbench.reports.tables.leaderboard import leaderboard
from syncbench.reports.writers import comma_separated

from ..conftest import MakeRun
from .samples import HOSTILE, table


def test_csv_says_how_much_of_the_clips_was_measured(make_run: MakeRun) -> None:
    runs = [
        make_run("whole", [7.0, 8.0]),
        make_run("part", [7.0, 8.0], measured=24),
        make_run("words", [0, 1], task="avsr"),
    ]
    lines = csv.DictReader(io.StringIO(comma_separated.to_csv(leaderboard(runs))))
    assert {(line["run"], line["coverage"]) for line in lines} == {("whole", "1.0"), ("part", "0.96"), ("words", "")}


def test_csv_has_one_line_per_number_at_full_precision() -> None:
    lines = list(csv.DictReader(io.StringIO(comma_separated.to_csv([table()]))))
    assert len(lines) == 12
    assert (lines[0]["value"], lines[0]["low"], lines[0]["rank"], lines[0]["beats_real"]) == ("7.5", "7.0", "1", "yes")
    assert lines[3]["value"] == "0.0"
    assert lines[6]["value"] == ""
    assert lines[2]["value"] == "-1.25"  # a negative number stays a number


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_holds_no_formula(text: str) -> None:
    for line in csv.reader(io.StringIO(comma_separated.to_csv([table(text)]))):
        for field in line:
            stripped = field.lstrip(" \t'\"")
            if field.startswith("'"):
                continue  # a spreadsheet reads what follows an apostrophe as text
            assert not stripped.startswith(("=", "+", "@", "|", "\uff1d")), field
            if stripped.startswith("-"):
                float(field)
