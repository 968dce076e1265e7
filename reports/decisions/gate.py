"""Did it get worse? A yes, a no, or an honest "cannot tell" for continuous integration.

A score fails only if the run is worse than the baseline by more than its relative *and* its absolute floor and the
paired test agrees after Holm's correction. It passes where the interval rules out a loss of several floors (``unseen``).
Between the two the clips are too few to tell, and the gate says about how many would do. Clips that the baseline measured
and the run failed on, or withholds the score for, are a regression of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from syncbench.errors import CommandError
from syncbench.measurement import Measurement
from syncbench.metric import Direction, Score
from syncbench.reports.decisions.policy import Limits, Policy
from syncbench.reports.significance import of_what, said_blocks
from syncbench.reports.text import number
from syncbench.runs import Run
from syncbench.runs.journal import ANSWER
from syncbench.signature import difference
from syncbench.statistics.multiplicity import holm
from syncbench.statistics.paired import PairedResult, blocks_needed, paired_test
from syncbench.statistics.resampling import independent

__all__ = ["Case", "GateResult", "Verdict", "gate", "judge"]

_WITHHELD = "withheld: "
Outcome = Literal["pass", "fail", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one score.

    Attributes:
        score, condition, title, unit, direction, digits: which one.
        outcome: ``pass``, ``fail`` or ``cannot tell``.
        reason: one sentence.
        baseline, value: corpus scores; None where one is missing.
        loss: by how much the run is worse on the clips both measured; negative where it is better.
        low, high: 95 % interval of the loss.
        floor: what the loss must exceed.
        p: two-sided, after Holm's correction.
        n: clips both measured; blocks: independent groups among them.
        withheld: for how many clips the score is withheld and why, in the run, else in the baseline; empty for none.
    """

    score: str
    condition: str
    title: str
    unit: str
    direction: Direction
    digits: int
    outcome: Outcome
    reason: str
    baseline: float | None = None
    value: float | None = None
    loss: float | None = None
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    p: float | None = None
    n: int = 0
    blocks: int = 0
    withheld: str = ""


@dataclass(frozen=True, slots=True)
class GateResult:
    """Every verdict. ``exit_code``: 1 if any score fails, else 2 if any cannot be told, else 0."""

    run: str
    baseline: str
    level: float
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        """Return the worst outcome: fail, then cannot tell, then pass."""
        outcomes = {verdict.outcome for verdict in self.verdicts}
        return "fail" if "fail" in outcomes else "cannot tell" if "cannot tell" in outcomes else "pass"

    @property
    def exit_code(self) -> int:
        """Return 0, 1 or 2 for pass, fail, cannot tell."""
        return {"pass": 0, "fail": 1, "cannot tell": 2}[self.outcome]


@dataclass(frozen=True, slots=True)
class Case:
    """A score to judge: its limits, and what each system measured on the same clips.

    ``baseline``, ``run`` and ``groups`` have one entry per clip, in one order.
    """

    score: Score
    limits: Limits
    baseline: Sequence[Measurement]
    run: Sequence[Measurement]
    groups: Sequence[str]
    lost: Mapping[str, str] = field(default_factory=dict[str, str])
    """Clips that the baseline measured and the run failed on, or withholds the score for -> why."""
    withheld: str = ""
    """For how many clips it is withheld and why; empty for none."""


def gate(run: Run, baseline: Run, policy: Policy) -> GateResult:
    """Judge every score of the policy. A score the policy names and a run lacks is ``cannot tell``, never a pass.

    Raises:
        CommandError: a pattern of the policy fits no score of the baseline that has a better direction.
    """
    _check_patterns(policy, baseline)
    here = {(s.metric, s.name, s.condition): s for s in run.summary.scores}
    groups = {**baseline.groups(), **run.groups()}
    prepared: list[Verdict | Case] = []
    for score in baseline.summary.scores:
        limits = policy.limits(score.name, score.condition)
        if limits is None or score.direction == "none":
            continue
        other = here.get((score.metric, score.name, score.condition)) or _same_name(score, run)
        lost = _lost(run, baseline, score)
        why = _obstacle(score, other, baseline.name, run.name)
        if why and len(lost) > policy.allow_lost:
            prepared.append(_without_numbers(score, "fail", _said_lost(lost)))
        else:
            prepared.append(
                _without_numbers(score, "cannot tell", why)
                if why
                else _case(run, baseline, score, limits, groups, lost, _said_withheld(score, other))
            )
    judged = iter(judge([case for case in prepared if isinstance(case, Case)], policy))
    verdicts = tuple(next(judged) if isinstance(entry, Case) else entry for entry in prepared)
    return GateResult(run.name, baseline.name, policy.level, verdicts)


def judge(cases: Sequence[Case], policy: Policy) -> list[Verdict]:
    """Return one verdict per case; the policy's level is shared among them by Holm's correction."""
    resamples = max(2000, round(5 * len(cases) / policy.level))  # no p-value is below 2 / resamples
    tests = [paired_test(case.run, case.baseline, case.groups, resamples).get(case.score.name) for case in cases]
    least = blocks_needed(policy.level / max(1, len(cases)))
    corrected = holm({str(i): test.p for i, test in enumerate(tests) if test is not None})
    return [
        _untested(case, policy) if test is None else _judged(case, test, corrected[str(i)], policy, least)
        for i, (case, test) in enumerate(zip(cases, tests, strict=True))
    ]


def _judged(case: Case, test: PairedResult, p: float, policy: Policy, least: int) -> Verdict:
    score = case.score
    worse = -1 if score.direction == "higher" else 1
    loss = worse * test.difference
    low, high = sorted((worse * test.low, worse * test.high))
    old, new = _corpus(case.baseline, score.name), _corpus(case.run, score.name)
    floor = max(case.limits.absolute, case.limits.relative * abs(old))
    count = independent(case.groups)
    outcome: Outcome
    if len(case.lost) > policy.allow_lost:
        outcome, reason = "fail", _said_lost(case.lost)
    elif count < policy.min_clips:
        outcome = "cannot tell"
        reason = f"{count} independent clips or groups, and the policy asks for {policy.min_clips}"
    elif loss > floor and p < policy.level:
        outcome, reason = "fail", "worse by more than the floor, and not by chance"
    elif high <= policy.unseen * floor:
        outcome, reason = "pass", f"a loss beyond {number(max(high, 0.0), score.digits)} is ruled out"
    else:
        outcome = "cannot tell"
        enough = _enough(loss, low, high, policy.unseen * floor, count)
        reason = f"a loss of {number(high, score.digits)} cannot be ruled out; {enough} would tell"
        if loss > floor and count < least:
            few = f"too few {of_what(test)} to decide: {said_blocks(test)}, at least {least} that agree are needed"
            reason = f"worse by more than the floor, but {few}"
    return Verdict(
        score.name, score.condition, score.title, score.unit, score.direction, score.digits, outcome, reason,
        baseline=old, value=new, loss=loss, low=low, high=high, floor=floor, p=p, n=test.n, blocks=count,
        withheld=case.withheld,
    )  # fmt: skip


def _corpus(measurements: Sequence[Measurement], name: str) -> float:
    total = type(measurements[0]).zero()
    for measurement in measurements:
        total = total + measurement
    return float(total.scores()[name])


def _enough(loss: float, low: float, high: float, limit: float, count: int) -> str:
    """Return about how many clips would shrink the interval (as 1 / sqrt(n)) until it excludes the limit or zero."""
    reach, room = (high - loss, limit - loss) if loss < limit else (loss - low, loss)
    if room <= 0 or reach > 10 * room:
        return "more than a hundred times as many clips, or a wider floor,"
    return f"about {max(count + 1, math.ceil(count * (reach / room) ** 2))} clips"


def _obstacle(score: Score, other: Score | None, baseline: str, run: str) -> str:
    """Return why two scores cannot be held against each other; empty where they can."""
    if other is None:
        return f"{run} does not hold it"
    for found, name in ((score, baseline), (other, run)):
        if found.value is None:
            return f"{name}: {found.reason or 'no value'}"
    parts = difference(score.signature, other.signature)
    return f"signatures differ in {'; '.join(parts)}" if parts else ""


def _same_name(score: Score, run: Run) -> Score | None:
    """Return the run's score of that name that another family (protocol, evaluator) measured: its signature tells."""
    names = (s for s in run.summary.scores if (s.name, s.condition) == (score.name, score.condition))
    return next((s for s in names if s.value is not None), None)


def _without_numbers(score: Score, outcome: Outcome, reason: str) -> Verdict:
    return Verdict(
        score.name, score.condition, score.title, score.unit, score.direction, score.digits, outcome, reason
    )  # fmt: skip


def _untested(case: Case, policy: Policy) -> Verdict:
    if len(case.lost) > policy.allow_lost:
        return _without_numbers(case.score, "fail", _said_lost(case.lost))
    return _without_numbers(
        case.score, "cannot tell", "no paired test is defined for it: its clips cannot be resampled"
    )


def _lost(run: Run, baseline: Run, score: Score) -> dict[str, str]:
    """Return the clips that the baseline measured and the run failed on or withholds the score for, with the reason."""
    lost: dict[str, str] = {}
    out, out_before = (r.withheld(score.metric, score.condition).get(score.name, {}) for r in (run, baseline))
    for clip in baseline.manifest.clips:
        before = baseline.entries.get((clip, score.condition, score.metric))
        now = [run.entries.get((clip, score.condition, stage)) for stage in (score.metric, ANSWER)]
        failed = next((entry for entry in now if entry is not None and entry.status == "failed"), None)
        why = failed.reason if failed is not None else _WITHHELD + out[clip] if clip in out else ""
        if before is not None and before.status == "done" and clip not in out_before and why:
            lost[clip] = why
    return lost


def _said_lost(lost: Mapping[str, str]) -> str:
    clip, reason = next(iter(lost.items()))
    how = "failed or are withheld" if any(why.startswith(_WITHHELD) for why in lost.values()) else "failed"
    return f"{len(lost)} clips that the baseline measured {how}, the first {clip}: {reason}"


def _said_withheld(before: Score, now: Score | None) -> str:
    return next((s.reason for s in (now, before) if s is not None and s.withheld), "")


def _case(
    run: Run, baseline: Run, score: Score, limits: Limits, groups: Mapping[str, str], lost: Mapping[str, str],
    withheld: str,
) -> Case | Verdict:  # fmt: skip
    old, new = (r.measurements(score.metric, score.condition, score.name) for r in (baseline, run))
    clips = [clip for clip in old if clip in new]
    if not clips:
        return _without_numbers(score, "cannot tell", "no clip was measured in both runs")
    own = [groups.get(clip, "") for clip in clips]
    return Case(score, limits, [old[c] for c in clips], [new[c] for c in clips], own, lost, withheld)


def _check_patterns(policy: Policy, baseline: Run) -> None:
    for pattern in policy.scores:
        alone = policy.model_copy(update={"scores": {pattern: policy.scores[pattern]}})
        if not any(alone.limits(s.name, s.condition) and s.direction != "none" for s in baseline.summary.scores):
            known = ", ".join(sorted({s.name for s in baseline.summary.scores if s.direction != "none"}))
            raise CommandError(
                f"policy: '{pattern}' matches no score of {baseline.name} that has a better way; it has {known}"
            )
