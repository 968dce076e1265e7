"""The gate: a planted regression fails, noise of equal systems does not, and too few clips cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from syncbench.errors import CommandError
from syncbench.metric import Score
from syncbench.reports.decisions.gate import Case, gate, judge
from syncbench.reports.decisions.policy import Limits, Policy

from ..conftest import MakeRun, lse, near

POLICY = Policy(scores={"lse_c": Limits(absolute=0.2), "lse_d": Limits(relative=0.03)})


def test_a_planted_regression_fails(make_run: MakeRun) -> None:
    result = gate(make_run("worse", near(-1.0, 1)), make_run("baseline", near(0, 2)), POLICY)
    assert {v.score: v.outcome for v in result.verdicts} == {"lse_c": "fail", "lse_d": "fail"}
    assert result.exit_code == 1
    lse_c = result.verdicts[0]
    assert lse_c.loss is not None
    assert lse_c.low is not None
    assert lse_c.loss == pytest.approx(1.0, abs=0.2)
    assert lse_c.low > 0


def test_equal_systems_and_better_ones_pass(make_run: MakeRun) -> None:
    baseline = make_run("baseline", near(0, 2, 0.1))
    assert gate(make_run("equal", near(0, 1, 0.1)), baseline, POLICY).exit_code == 0
    assert gate(make_run("better", near(1.0, 3)), baseline, POLICY).exit_code == 0
    assert gate(baseline, baseline, POLICY).exit_code == 0


def test_both_floors_must_be_passed(make_run: MakeRun) -> None:
    run, baseline = make_run("worse", near(-0.5, 1, 0.1)), make_run("baseline", near(0, 2, 0.1))

    def outcome(**floors: float) -> str:
        return gate(run, baseline, Policy(scores={"lse_c": Limits(**floors)})).outcome

    assert outcome(absolute=0.2) == "fail"
    assert outcome(relative=0.02) == "fail"
    assert outcome(absolute=0.2, relative=0.2) == "pass"  # 20 % of 7 is 1.4
    assert outcome(absolute=1.0, relative=0.02) == "pass"


def test_too_few_clips_cannot_tell(make_run: MakeRun) -> None:
    few = gate(make_run("few-worse", near(-3, 1)[:10]), make_run("few", near(0, 2)[:10]), POLICY)
    assert few.exit_code == 2
    assert "10 independent clips or groups, and the policy asks for 20" in few.verdicts[0].reason
    groups = [f"speaker{i % 4}" for i in range(60)]  # 60 clips of 4 speakers are 4 independent groups
    one = make_run("grouped-worse", near(-3, 1), groups=groups)
    assert gate(one, make_run("grouped", near(0, 2), groups=groups), POLICY).exit_code == 2


def test_a_handful_of_clips_cannot_be_sure_and_it_says_how_many_could(make_run: MakeRun) -> None:
    policy = POLICY.model_copy(update={"min_clips": 2})
    few = gate(make_run("few-worse", near(-3, 1)[:5]), make_run("few", near(0, 2)[:5]), policy)
    assert few.exit_code == 2
    # two scores share 5 %, and no p-value of 6 clips is below 2 / 2**6 = 0.031; of 7 it is 0.016
    assert few.verdicts[0].reason.endswith("too few clips to decide: 5 clips, at least 7 that agree are needed")
    enough = gate(make_run("worse", near(-3, 1)[:7]), make_run("baseline", near(0, 2)[:7]), policy)
    assert enough.exit_code == 1


def test_a_wide_interval_cannot_tell_and_says_how_many_clips_would(make_run: MakeRun) -> None:
    run, baseline = make_run("noisy", near(0.05, 1, 2.0)), make_run("baseline", near(0, 2, 2.0))
    limits = {"lse_c": Limits(absolute=0.15)}
    result = gate(run, baseline, Policy(scores=limits))
    high = result.verdicts[0].high
    assert result.exit_code == 2
    assert "cannot be ruled out; about " in result.verdicts[0].reason
    assert high is not None
    assert high > 0.45
    lenient = gate(run, baseline, Policy(scores=limits, unseen=1.01 * high / 0.15))
    assert lenient.exit_code == 0
    assert "is ruled out" in lenient.verdicts[0].reason


def test_a_missing_or_unequal_score_is_never_a_pass(make_run: MakeRun) -> None:
    baseline = make_run("baseline", near(0, 2))
    other = gate(make_run("other", near(0, 1), sync="lse-wav2lip-lrs"), baseline, POLICY)
    assert other.exit_code == 2
    assert "protocol: native.2 / wav2lip-lrs.1" in other.verdicts[0].reason
    lacking = make_run("lacking", [0.0] * 60, task="avsr")
    assert gate(lacking, baseline, POLICY).verdicts[0].reason == "lacking does not hold it"


def test_a_failure_outweighs_what_cannot_be_told(make_run: MakeRun) -> None:
    policy = Policy(scores={"lse_c": Limits(absolute=0.2), "psnr": Limits(relative=1e-9)})
    result = gate(make_run("worse", near(-1, 1)), make_run("baseline", near(0, 2)), policy)
    assert result.exit_code == 1


LOST = {"s0/clip000": "no face in frame 3", "s1/clip006": "empty video"}


@pytest.mark.parametrize("stage", ["answer", "lse"])
def test_clips_that_were_lost_fail_however_good_the_others_are(make_run: MakeRun, stage: str) -> None:
    policy = POLICY.model_copy(update={"scores": {**POLICY.scores, "psnr": Limits(absolute=1)}})
    baseline = make_run("baseline", near(0, 2))
    run = make_run("better", near(1, 3), lost=LOST, lost_in=stage)
    result = gate(run, baseline, policy)
    lse_c, lse_d, psnr = result.verdicts
    assert (lse_c.outcome, lse_d.outcome, result.exit_code) == ("fail", "fail", 1)
    assert lse_c.reason == "2 clips that the baseline measured failed, the first s0/clip000: no face in frame 3"
    assert (lse_c.n, lse_c.loss is not None and lse_c.loss < 0) == (58, True)
    assert psnr.outcome == ("fail" if stage == "answer" else "pass"), "only what needs the clip has lost it"
    outcomes = [gate(run, baseline, policy.model_copy(update={"allow_lost": n})).outcome for n in (1, 2)]
    assert outcomes == ["fail", "pass"]
    assert gate(make_run("again", near(1, 4), lost=LOST), run, POLICY).outcome == "pass", (
        "the baseline had none of them"
    )


def test_a_run_that_lost_every_clip_has_failed(make_run: MakeRun) -> None:
    baseline = make_run("baseline", near(0, 2))
    gone = make_run("gone", near(0, 1), lost=dict.fromkeys(baseline.manifest.clips, "no frame"))
    result = gate(gone, baseline, POLICY)
    assert (result.outcome, result.exit_code) == ("fail", 1)
    assert {v.reason for v in result.verdicts} == {
        "60 clips that the baseline measured failed, the first s0/clip000: no frame"
    }
    lenient = gate(gone, baseline, POLICY.model_copy(update={"allow_lost": 60}))
    assert lenient.outcome == "cannot tell"


def test_a_metric_that_lacks_its_weights_cannot_tell(make_run: MakeRun) -> None:
    baseline = make_run("baseline", near(0, 2), sync="lse-wav2lip-lrs")
    run = make_run("run", near(0, 1), unavailable={"lse-wav2lip-lrs": "weights are missing: get them so"})
    result = gate(run, baseline, POLICY)
    assert (result.outcome, result.exit_code) == ("cannot tell", 2)
    assert {v.reason for v in result.verdicts} == {"run: weights are missing: get them so"}


def test_patterns_and_conditions(make_run: MakeRun) -> None:
    noisy = [("audio=babble@0,visual=clean", [2] * 30)]
    worse = [("audio=babble@0,visual=clean", [4] * 30)]
    baseline = make_run("baseline", [1, 0] * 15, task="avsr", conditions=noisy)
    run = make_run("run", [1, 0] * 15, task="avsr", conditions=worse)
    policy = Policy(scores={"wer@audio=babble*": Limits(absolute=1), "wer": Limits(absolute=5)})
    outcomes = {v.condition: v.outcome for v in gate(run, baseline, policy).verdicts}
    assert outcomes == {"": "pass", "audio=babble@0,visual=clean": "fail"}
    with pytest.raises(CommandError, match="'psnrr' matches no score"):
        gate(run, baseline, Policy(scores={"psnrr": Limits(absolute=1)}))
    talk = make_run("talk", near(0, 1))
    with pytest.raises(CommandError, match="'av_offset' matches no score"):  # it has no better way
        gate(talk, talk, Policy(scores={"av_offset": Limits(absolute=1)}))


def test_false_alarms_stay_below_the_level_over_seeded_pairs_of_equal_systems() -> None:
    """A short form of benchmarks/gate_false_alarms.py, on the measurements themselves."""
    policy = Policy(scores={"lse_c": Limits(absolute=0.05), "lse_d": Limits(absolute=0.05)})
    alarms, found = 0, 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        truth = draw.normal(7, 1, 40)
        a, b = (truth + draw.normal(0, 0.5, 40) for _ in range(2))
        alarms += any(v.outcome == "fail" for v in judge(_cases(a, b, policy), policy))
        found += any(v.outcome == "fail" for v in judge(_cases(a, b - 0.5, policy), policy))
    assert alarms <= 2
    assert found >= 36


def _cases(baseline: np.ndarray, run: np.ndarray, policy: Policy) -> list[Case]:
    return [
        Case(
            Score(name, "lse", "", 0, None, None, 40, 0, name, "", "higher" if name == "lse_c" else "lower", 3, ""),
            limits,
            [lse(v) for v in baseline],
            [lse(v) for v in run],
            [""] * len(run),
        )
        for name, limits in policy.scores.items()
    ]
