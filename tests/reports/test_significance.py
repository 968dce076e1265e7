"""One rule says which of two systems is better: the same for ranks, marks and ``compare``, whoever stands beside them."""

from __future__ import annotations

import dataclasses

import pytest

from syncbench.reports import significance
from syncbench.reports.decisions.compare import compare
from syncbench.reports.decisions.comparison_text import to_json, to_markdown
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


def speakers(count: int, clips: int = 40) -> list[str]:
    return [f"s{i % count}" for i in range(clips)]


def test_too_few_speakers_are_not_told_as_no_difference(make_run: MakeRun) -> None:
    """Four scores at once: seven speakers that all agree give 4 * 2 / 2**7 = 0.0625, eight give 0.03125."""
    for count, verdict in ((7, "too few speakers to decide"), (8, "B worse")):
        groups = speakers(count)
        a = make_run("a", near(0, 1, clips=40), groups=groups, name=f"a{count}")
        b = make_run("b", near(-3, 2, clips=40), groups=groups, name=f"b{count}")
        found = significance.tested(b, a)["lse", "lse_c", ""]
        assert found.smallest == pytest.approx(4 * 2 / 2**count)
        assert found.corrected == pytest.approx(found.smallest), "all speakers agree: it is as small as it gets"
        comparison = compare(a, b)
        lse_c = next(d for d in comparison.differences if d.name == "lse_c")
        assert lse_c.verdict == verdict
        why = "too few speakers to decide: 7 speakers or source videos, at least 8 are needed"
        assert ("too few speakers to decide" in to_markdown(comparison)) == (count == 7)
        assert lse_c.why_few.startswith(why) == (count == 7)
        assert ('"verdict": "too few speakers to decide"' in to_json(comparison)) == (count == 7)
        (table,) = leaderboard([a, b])
        column = next(column for column in table.columns if column.title == "LSE-C")
        assert column.ranked == (count == 8), "a tie is no finding where nothing could have been found"
        note = [note for note in table.notes if note.startswith("No ranks in LSE-C")]
        assert bool(note) == (count == 7)
        assert all(why in text for text in note)


def test_where_no_group_is_known_it_is_clips_that_are_too_few(make_run: MakeRun) -> None:
    a, b = (make_run(name, near(shift, 1, clips=5)) for name, shift in (("a", 0.0), ("b", -3.0)))
    lse_c = next(d for d in compare(a, b).differences if d.name == "lse_c")
    assert lse_c.verdict == "too few clips to decide"
    assert (
        lse_c.why_few
        == "too few clips to decide: 5 clips, at least 8 are needed to find a difference in 4 scores at once"
    )


def test_enough_speakers_without_a_difference_are_told_as_such(make_run: MakeRun) -> None:
    groups = speakers(8)
    a, b = (make_run(name, near(0, seed, clips=40), groups=groups) for name, seed in (("a", 1), ("b", 2)))
    assert next(d.verdict for d in compare(a, b).differences if d.name == "lse_c") == "not shown"
