"""Did it get worse? A yes, a no, or an honest "cannot tell" for continuous integration.

A score fails only if the run is worse than the baseline by more than its relative *and* its absolute floor and the
paired test agrees after Holm's correction. It passes where the interval rules out a loss of several floors (``unseen``).
Between the two the clips are too few to tell, and the gate says about how many would do.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, Self
from xml.etree import ElementTree

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from rich.console import Console
from rich.text import Text

from syncbench.contracts import Direction, Measurement, Score
from syncbench.errors import CommandError
from syncbench.reports.markdown import escape
from syncbench.reports.markdown import grid as pipe_table
from syncbench.reports.paired import independent, paired_test
from syncbench.reports.text import number, plain
from syncbench.runs import Run
from syncbench.signature import difference
from syncbench.significance import holm
from syncbench.statistics import PairedResult

__all__ = [
    "Case",
    "GateResult",
    "Limits",
    "Policy",
    "Verdict",
    "gate",
    "judge",
    "load_policy",
    "print_gate",
    "to_json",
    "to_junit",
    "to_markdown",
]

Outcome = Literal["pass", "fail", "cannot tell"]


class Limits(BaseModel):
    """What a score may lose.

    A loss counts only beyond both floors: ``absolute``, in the score's unit, and ``relative``, a share of what the
    baseline scored.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    relative: float = Field(default=0.0, ge=0)
    absolute: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _one_floor(self) -> Self:
        if not (self.relative or self.absolute):
            raise ValueError("give relative or absolute above zero: no number of clips can rule out every loss")
        return self


class Policy(BaseModel):
    """What ``gate.toml`` says: the level, how few clips are too few, and limits by score or pattern.

    Such as::

        level = 0.05
        min_clips = 20
        unseen = 3

        [scores.lse_c]
        absolute = 0.1

        [scores."wer*"]
        relative = 0.02
        absolute = 0.5
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: float = Field(default=0.05, gt=0, lt=1)
    """Significance level of the whole gate; Holm's correction shares it among the scores."""
    min_clips: int = Field(default=20, ge=2)
    """Fewest independent clips (or groups of clips) a verdict may rest on."""
    unseen: float = Field(default=3.0, ge=1)
    """How many floors a loss may measure and still stay unseen behind a pass: a pass rules out any larger one."""
    scores: dict[str, Limits] = Field(min_length=1)
    """Score name or pattern (``*``, ``?``) -> limits. The first that fits counts; conditions go after ``@``:
    ``"wer@audio=babble*"``; a pattern without ``@`` is for every condition."""

    def limits(self, name: str, condition: str) -> Limits | None:
        """Return the limits of the first pattern that fits; None where none does."""
        for pattern, limits in self.scores.items():
            score, _, where = pattern.partition("@")
            if fnmatchcase(name, score) and (not where or fnmatchcase(condition, where)):
                return limits
        return None


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


def load_policy(path: Path) -> Policy:
    """Read ``gate.toml``. Raises CommandError with the line or key that is wrong."""
    try:
        return Policy.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CommandError(f"{path}: {where}: {first['msg']}") from error


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
        why = _obstacle(score, other, baseline.name, run.name)
        prepared.append(_unknown(score, why) if why else _case(run, baseline, score, limits, groups))
    judged = iter(judge([case for case in prepared if isinstance(case, Case)], policy))
    verdicts = tuple(next(judged) if isinstance(entry, Case) else entry for entry in prepared)
    return GateResult(run.name, baseline.name, policy.level, verdicts)


def judge(cases: Sequence[Case], policy: Policy) -> list[Verdict]:
    """Return one verdict per case; the policy's level is shared among them by Holm's correction."""
    resamples = max(2000, round(5 * len(cases) / policy.level))  # no p-value is below 2 / resamples
    tests = [paired_test(case.run, case.baseline, case.groups, resamples).get(case.score.name) for case in cases]
    corrected = holm({str(i): test.p for i, test in enumerate(tests) if test is not None})
    return [
        _unknown(case.score, "no paired test is defined for it: its clips cannot be resampled")
        if test is None
        else _judged(case, test, corrected[str(i)], policy)
        for i, (case, test) in enumerate(zip(cases, tests, strict=True))
    ]


def _judged(case: Case, test: PairedResult, p: float, policy: Policy) -> Verdict:
    score = case.score
    worse = -1 if score.direction == "higher" else 1
    loss = worse * test.difference
    low, high = sorted((worse * test.low, worse * test.high))
    old, new = _corpus(case.baseline, score.name), _corpus(case.run, score.name)
    floor = max(case.limits.absolute, case.limits.relative * abs(old))
    count = independent(case.groups)
    outcome: Outcome
    if count < policy.min_clips:
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
    return Verdict(
        score.name, score.condition, score.title, score.unit, score.direction, score.digits, outcome, reason,
        baseline=old, value=new, loss=loss, low=low, high=high, floor=floor, p=p, n=test.n, blocks=count,
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


def _unknown(score: Score, reason: str) -> Verdict:
    return Verdict(
        score.name, score.condition, score.title, score.unit, score.direction, score.digits, "cannot tell", reason
    )  # fmt: skip


def _case(run: Run, baseline: Run, score: Score, limits: Limits, groups: Mapping[str, str]) -> Case | Verdict:
    old, new = (r.measurements(score.metric, score.condition) for r in (baseline, run))
    clips = [clip for clip in old if clip in new]
    if not clips:
        return _unknown(score, "no clip was measured in both runs")
    return Case(score, limits, [old[c] for c in clips], [new[c] for c in clips], [groups.get(c, "") for c in clips])


def _check_patterns(policy: Policy, baseline: Run) -> None:
    for pattern in policy.scores:
        alone = policy.model_copy(update={"scores": {pattern: policy.scores[pattern]}})
        if not any(alone.limits(s.name, s.condition) and s.direction != "none" for s in baseline.summary.scores):
            known = ", ".join(sorted({s.name for s in baseline.summary.scores if s.direction != "none"}))
            raise CommandError(f"policy: '{pattern}' fits no score that {baseline.name} can be held to: {known}")


def to_json(result: GateResult) -> str:
    """Return the whole result as JSON."""
    record = asdict(result) | {"outcome": result.outcome, "exit_code": result.exit_code}
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def to_junit(result: GateResult) -> str:
    """Return JUnit XML: one test case per score; what cannot be told is an error, so that nobody reads it as passed."""
    counts = {outcome: str(sum(v.outcome == outcome for v in result.verdicts)) for outcome in ("fail", "cannot tell")}
    suite = ElementTree.Element(
        "testsuite",
        name=f"syncbench gate: {plain(result.run)} against {plain(result.baseline)}",
        tests=str(len(result.verdicts)),
        failures=counts["fail"],
        errors=counts["cannot tell"],
        skipped="0",
    )
    for verdict in result.verdicts:
        case = ElementTree.SubElement(suite, "testcase", classname="syncbench.gate", name=plain(_label(verdict)))
        text = plain(f"{verdict.reason}: {_numbers(verdict)}")
        if verdict.outcome == "fail":
            ElementTree.SubElement(case, "failure", type="regression", message=plain(verdict.reason)).text = text
        elif verdict.outcome == "cannot tell":
            ElementTree.SubElement(case, "error", type="cannot tell", message=plain(verdict.reason)).text = text
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


_MARKS = {"pass": "✅", "fail": "❌", "cannot tell": "❔"}
_HEADS = ("", "score", "baseline", "run", "loss (95 %)", "floor", "p (Holm)", "clips", "why")


def to_markdown(result: GateResult) -> str:
    """Return a summary for ``$GITHUB_STEP_SUMMARY``."""
    title = f"{_MARKS[result.outcome]} {result.outcome}: {result.run} against {result.baseline}"
    rows = [[escape(text) for text in _line(verdict)] for verdict in result.verdicts]
    return "\n".join([f"### {escape(title)}", "", *pipe_table(list(_HEADS), ["---"] * len(_HEADS), rows)]) + "\n"


def print_gate(result: GateResult, console: Console | None = None) -> None:
    """Print one line per score and the outcome."""
    console = console or Console()
    styles = {"pass": "green", "fail": "bold red", "cannot tell": "yellow"}
    for verdict in result.verdicts:
        line = Text(f"{verdict.outcome:<12}", style=styles[verdict.outcome])
        line.append(plain(f"{_label(verdict)}: {_numbers(verdict)}"), style="default not bold")
        console.print(line)
        if verdict.outcome != "pass":
            console.print(Text(f"{'':<12}{plain(verdict.reason)}", style="dim"))
    title = f"{result.outcome}: {result.run} against {result.baseline}"
    console.print(Text(plain(title), style=styles[result.outcome]))


def _label(verdict: Verdict) -> str:
    return f"{verdict.score} under {verdict.condition}" if verdict.condition else verdict.score


def _loss(verdict: Verdict) -> str:
    if verdict.loss is None:
        return ""
    low, high = (number(bound, verdict.digits) for bound in (verdict.low, verdict.high))
    return f"{number(verdict.loss, verdict.digits)} ({low} to {high})"


def _numbers(verdict: Verdict) -> str:
    if verdict.loss is None:
        return "no numbers"
    old, new, floor = (number(v, verdict.digits) for v in (verdict.baseline, verdict.value, verdict.floor))
    unit = f" {verdict.unit}" if verdict.unit else ""
    return f"{old} -> {new}{unit}, loss {_loss(verdict)}, floor {floor}, p {verdict.p:.3g}, {verdict.n} clips"


def _line(verdict: Verdict) -> list[str]:
    floor, old, new = (number(v, verdict.digits) for v in (verdict.floor, verdict.baseline, verdict.value))
    p = "" if verdict.p is None else f"{verdict.p:.3g}"
    mark, label = _MARKS[verdict.outcome], _label(verdict)
    return [mark, label, old, new, _loss(verdict), floor, p, str(verdict.n), verdict.reason]
