"""Leaderboards: who shares a table and a column, who is ranked, and what is marked."""

from __future__ import annotations

import dataclasses
from functools import partial

from syncbench.reports.tables.leaderboard import leaderboard
from syncbench.reports.tables.table import Cell, Table

from ..conftest import MakeRun, near

values = partial(near, clips=40)


def cell(table: Table, system: str, title: str) -> Cell:
    column = next(i for i, c in enumerate(table.columns) if c.title == title)
    return next(row for row in table.rows if row.title.startswith(system)).cells[column]


def test_ranks_follow_significance_ties_are_shown_and_anchors_stand_apart(make_run: MakeRun) -> None:
    runs = [
        make_run("reference", values(0.0, 1)),
        make_run("far-behind", values(-2.0, 2)),
        make_run("twin-a", values(0.50, 3)),
        make_run("twin-b", values(0.52, 4)),
    ]
    (table,) = leaderboard(runs)
    assert [row.title for row in table.systems] == ["far-behind", "twin-a", "twin-b"]
    assert [row.anchor for row in table.anchors] == ["reference"]
    ranks = {row.title: cell(table, row.title, "LSE-C").rank_display for row in table.systems}
    assert ranks == {"far-behind": "3", "twin-a": "1=", "twin-b": "1="}
    lower = {row.title: cell(table, row.title, "LSE-D").rank_display for row in table.systems}
    assert lower == ranks
    anchor = cell(table, "reference", "LSE-C")
    assert anchor.rank is None
    assert anchor.order is None
    assert not anchor.beats_real
    assert cell(table, "twin-a", "LSE-C").beats_real
    assert not cell(table, "far-behind", "LSE-C").beats_real
    assert not any(cell(table, row.title, "LSE-C").clear for row in table.rows)


def test_the_best_is_clear_only_where_it_beats_every_other(make_run: MakeRun) -> None:
    (table,) = leaderboard([make_run("good", values(1.0, 1)), make_run("bad", values(-1.0, 2))])
    assert cell(table, "good", "LSE-C").clear
    assert cell(table, "good", "LSE-C").order == 1
    assert cell(table, "bad", "LSE-C").order == 2
    assert any(note.startswith("No run of reference is among these") for note in table.notes)


def test_equal_values_share_the_best_place(make_run: MakeRun) -> None:
    same = values(0.0, 1)
    (table,) = leaderboard([make_run("a", same), make_run("b", same)])
    assert [cell(table, name, "LSE-C").order for name in "ab"] == [1, 1]
    assert [cell(table, name, "LSE-C").rank_display for name in "ab"] == ["1=", "1="]


def test_unequal_signatures_never_share_a_column(make_run: MakeRun) -> None:
    (table,) = leaderboard([make_run("a", values(0, 1)), make_run("b", values(0, 2), sync="lse-wav2lip-lrs")])
    columns = [c for c in table.columns if c.title == "LSE-C"]
    assert [c.protocol for c in columns] == ["native.2", "wav2lip-lrs.1"]
    assert ["protocol=native.2" in columns[0].variant, "protocol=wav2lip-lrs.1" in columns[1].variant] == [True, True]
    at = table.columns.index(columns[1])
    first, second = table.rows
    assert first.cells[at].value is None
    assert second.cells[at].rank is None  # alone in its column
    assert table.protocols == ("native.2", "wav2lip-lrs.1")


def test_tables_are_parted_by_dataset_and_task(make_run: MakeRun) -> None:
    runs = [
        make_run("a", values(0, 1)),
        make_run("b", values(0, 2), dataset="lrs3"),
        make_run("c", [0, 1, 2], task="avsr"),
    ]
    tables = leaderboard(runs)
    assert [(t.dataset, t.task) for t in tables] == [
        ("lrs2", "talking-face"),
        ("lrs3", "talking-face"),
        ("lrs2", "avsr"),
    ]


def test_n_and_failures_and_what_is_unavailable_are_told(make_run: MakeRun) -> None:
    run = make_run(
        "a",
        values(0, 1),
        failures={"s1/bad": "no face in frame 3"},
        unavailable={"fid": "weights are missing: get them so"},
    )
    (table,) = leaderboard([run, make_run("b", values(0, 2))])
    assert (cell(table, "a", "LSE-C").n, cell(table, "a", "LSE-C").failed) == (40, 1)
    assert "FID" not in [c.title for c in table.columns]  # nobody has it: a note says why
    assert "a: 1 of 41 clips failed in some stage." in table.notes
    assert "a: no FID (fid): weights are missing: get them so" in table.notes


def test_runs_of_one_model_are_told_apart(make_run: MakeRun) -> None:
    runs = [make_run("cals", values(0, 1), name="first"), make_run("cals", values(0, 2), name="second")]
    (table,) = leaderboard(runs)
    assert [row.title for row in table.rows] == ["cals (first)", "cals (second)"]
    assert len({row.digest for row in table.rows}) == 2


def test_details_stay_out_of_the_table_and_what_has_no_better_way_is_not_ranked(make_run: MakeRun) -> None:
    runs = [make_run("a", values(0, 1)), make_run("b", values(-2, 2))]
    (table,) = leaderboard(runs)
    shown = {score.title for score in runs[0].summary.scores if score.headline}
    assert {column.title for column in table.columns} == shown
    assert shown < {score.title for score in runs[0].summary.scores}
    neutral = [dataclasses.replace(s, direction="none") for s in runs[0].summary.scores]
    aimless = [dataclasses.replace(r, summary=r.summary.model_copy(update={"scores": neutral})) for r in runs]
    (table,) = leaderboard(aimless)
    cells = [c for row in table.rows for c in row.cells]
    assert all(c.rank is None and c.order is None and not c.beats_real for c in cells)


def test_what_is_better_than_the_real_video_by_a_hair_is_not_marked(make_run: MakeRun) -> None:
    real, hair, clear = (
        make_run("reference", values(0, 1)),
        make_run("hair", values(0.1, 2)),
        make_run("clear", values(0.5, 3)),
    )
    (table,) = leaderboard([real, hair, clear])
    reference, hairy = (cell(table, system, "LSE-C") for system in ("reference", "hair"))
    assert (reference.value or 0) < (hairy.value or 0)
    assert not hairy.beats_real
    assert cell(table, "clear", "LSE-C").beats_real
    assert any("better than the real recording" in note for note in table.notes)
    (table,) = leaderboard([real, hair])
    assert not any("better than the real recording" in note for note in table.notes)


def test_how_much_of_the_clips_was_measured_is_told_where_it_is_not_all(make_run: MakeRun) -> None:
    whole, part = make_run("whole", values(0, 1)), make_run("part", values(0, 2), measured=24)
    (table,) = leaderboard([whole, part])
    assert [cell(table, system, "LSE-C").coverage for system in ("whole", "part")] == [1.0, 0.96]
    titles = ", ".join(column.title for column in table.columns)
    assert [note for note in table.notes if "of the frames" in note] == [f"part: 96.0 % of the frames entered {titles}"]
    (table,) = leaderboard([whole])
    assert not any("of the frames" in note for note in table.notes)
