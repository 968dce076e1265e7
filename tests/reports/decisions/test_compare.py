"""Two runs against each other."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.errors import CommandError
from syncbench.reports.decisions.compare import compare

from ..conftest import BASE, MakeRun

FORTY = BASE[:40]


def test_a_real_difference_is_found_and_told_in_the_scores_own_direction(make_run: MakeRun) -> None:
    worse = FORTY - 0.5 + np.random.default_rng(1).normal(0, 0.2, 40)
    result = compare(make_run("a", list(FORTY)), make_run("b", list(worse)))
    by_name = {d.name: d for d in result.differences}
    assert by_name["lse_c"].difference == pytest.approx(worse.mean() - FORTY.mean())
    assert by_name["lse_c"].verdict == "B worse"
    assert by_name["lse_d"].verdict == "B worse"
    assert by_name["lse_d"].difference > 0
    assert by_name["lse_c"].low is not None
    assert by_name["lse_c"].high is not None
    assert by_name["lse_c"].low < by_name["lse_c"].difference < by_name["lse_c"].high < 0
    assert by_name["av_offset"].verdict == "not shown"
    assert by_name["lse_c"].better + by_name["lse_c"].worse + by_name["lse_c"].equal == 40
    assert all(d.p is not None and d.corrected is not None and d.corrected >= d.p for d in result.differences)


def test_the_clips_that_changed_most_come_first(make_run: MakeRun) -> None:
    moved = list(FORTY)
    moved[7] -= 3
    moved[3] += 2
    result = compare(make_run("a", list(FORTY)), make_run("b", moved))
    lse_c = next(d for d in result.differences if d.name == "lse_c")
    assert [c.clip for c in lse_c.changed] == ["s2/clip007", "s3/clip003"]
    assert (lse_c.better, lse_c.worse, lse_c.equal) == (1, 1, 38)


def test_flips_count_clips_that_became_flawless_or_ceased_to_be(make_run: MakeRun) -> None:
    a = make_run("a", [0, 0, 0, 1, 2], task="avsr")
    b = make_run("b", [0, 1, 2, 0, 2], task="avsr")
    wer = next(d for d in compare(a, b).differences if d.name == "wer")
    assert (wer.gained, wer.lost) == (1, 2)


def test_unequal_signatures_are_refused_and_the_part_is_named(make_run: MakeRun) -> None:
    a, b = make_run("a", list(FORTY)), make_run("b", list(FORTY), sync="lse-wav2lip-lrs")
    result = compare(a, b)
    refused = dict(result.refused)
    assert "protocol: native.2 / wav2lip-lrs.1" in refused["lse_c (lse)"]
    assert {d.metric for d in result.differences} == {"image_quality"}
    with pytest.raises(CommandError, match=r"dataset: lrs2/test@.* / lrs3/test@"):
        compare(a, make_run("c", list(FORTY), dataset="lrs3"))


def test_only_clips_both_measured_are_compared(make_run: MakeRun) -> None:
    a = make_run("a", list(FORTY), failures={"s9/bad": "no face"})
    b = make_run("b", [*FORTY, 100.0], clips=[f"s{i % 5}/clip{i:03d}" for i in range(40)] + ["s9/bad"])
    with pytest.raises(CommandError, match="dataset"):  # other clips make another dataset hash
        compare(a, b)
    c = make_run("c", list(FORTY), failures={"s9/worse": "empty"})
    result = compare(a, c)
    assert result.differences[0].n == 40
    assert (result.failed_in_a, result.failed_in_b) == (("s9/bad",), ("s9/worse",))


def test_a_handful_of_clips_proves_nothing(make_run: MakeRun) -> None:
    few = compare(make_run("a", list(FORTY[:4])), make_run("b", list(FORTY[:4] - 3)))
    lse_c = next(d for d in few.differences if d.name == "lse_c")
    assert lse_c.p == pytest.approx(2 / 2**4)  # no exact paired test of four clips says less
    assert lse_c.verdict == "too few clips to decide"
