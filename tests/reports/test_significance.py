"""One rule says which of two systems is better: the same for ranks, marks and ``compare``, whoever stands beside them."""

from __future__ import annotations

import dataclasses

import pytest

from syncbench.reports.decisions.compare import compare
from syncbench.reports.significance import significantly_better
from syncbench.reports.tables.leaderboard import leaderboard
from syncbench.runs import Run

from .conftest import MakeRun, near

STEPS = [
    (0.06, "not shown"),  # p is 0.03: one test alone would say "better", four scores together do not
    (0.075, "B better"),  # p is 0.010: enough for four scores, not for the six pairs of four systems
    (-0.4, "B worse"),
]
"""By how much B is better, and what is to be said of it."""


def ranks(runs: list[Run]) -> dict[str, int]:
    (table,) = leaderboard(runs)
    place = next(i for i, column in enumerate(table.columns) if column.title == "LSE-C")
    return {row.run: row.cells[place].rank or 0 for row in table.rows}


@pytest.mark.parametrize(("step", "verdict"), STEPS)
def test_ranks_and_compare_give_one_verdict_whoever_stands_beside(make_run: MakeRun, step: float, verdict: str) -> None:
    a, b = make_run("a", near(0, 1)), make_run("b", near(step, 2))
    others = [make_run(f"beside {i}", near(shift, 3 + i)) for i, shift in enumerate((-3.0, 3.0))]
    assert next(d.verdict for d in compare(a, b).differences if d.name == "lse_c") == verdict
    sign = {"B better": 1, "not shown": 0, "B worse": -1}[verdict]
    for beside in ([], others):
        own = ranks([a, b, *beside])
        assert min(own.values()) >= 1
        assert own["a"] - own["b"] == sign
        assert own["a"] == 1 + sum(significantly_better(other, a, a.score("lse_c")) for other in [b, *beside])


def test_a_score_without_a_better_way_is_never_better(make_run: MakeRun) -> None:
    a, b = make_run("a", near(0, 1)), make_run("b", near(1, 2))
    assert significantly_better(b, a, b.score("lse_c"))
    assert not significantly_better(a, b, a.score("lse_c"))
    assert significantly_better(b, a, b.score("lse_d")), "lower is better"
    aimless = dataclasses.replace(b.score("lse_c"), direction="none")
    assert not significantly_better(b, a, aimless)
    assert not significantly_better(a, b, aimless)
