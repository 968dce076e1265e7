"""Scores under corruption: a table of their own, conditions as rows in the terminal."""

from __future__ import annotations

import pytest

from syncbench.reports.sections.corruption import conditions
from syncbench.reports.tables.leaderboard import leaderboard

from ..conftest import MakeRun


def test_corruptions_get_a_table_of_their_own(make_run: MakeRun) -> None:
    harder = [("audio=babble@0,visual=clean", [3, 3, 3, 2]), ("audio=babble@10,visual=clean", [1, 1, 2, 1])]
    runs = [make_run("a", [0, 1, 0, 0], task="avsr", conditions=harder)]
    (clean,), (table,) = leaderboard(runs), conditions(runs)
    assert [c.title for c in clean.columns][:2] == ["WER", "CER"]
    assert [c.variant for c in table.columns] == ["clean", "babble@0", "babble@10"]
    assert [c.value for c in table.rows[0].cells] == pytest.approx([100 / 24, 1100 / 24, 500 / 24])
