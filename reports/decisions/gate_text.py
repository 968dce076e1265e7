"""A gate's verdicts as JSON, as JUnit XML, as Markdown, and in the terminal."""

from __future__ import annotations

import json
from dataclasses import asdict
from xml.etree import ElementTree

from rich.console import Console
from rich.text import Text

from syncbench.reports.decisions.gate import GateResult, Verdict
from syncbench.reports.text import number, plain
from syncbench.reports.writers.markdown import escape
from syncbench.reports.writers.markdown import grid as pipe_table

__all__ = ["print_gate", "to_json", "to_junit", "to_markdown"]


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
        if verdict.withheld:
            ElementTree.SubElement(case, "system-out").text = plain(verdict.withheld)
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
        if verdict.withheld and verdict.withheld not in verdict.reason:
            console.print(Text(f"{'':<12}{plain(verdict.withheld)}", style="dim"))
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
    why = "; ".join(text for text in (verdict.reason, verdict.withheld) if text)
    return [mark, label, old, new, _loss(verdict), floor, p, str(verdict.n), why]
