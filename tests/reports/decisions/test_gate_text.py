"""A gate's verdicts as text, for people and for continuous integration."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree

from rich.console import Console

from syncbench.reports.decisions.gate import gate
from syncbench.reports.decisions.gate_text import print_gate, to_json, to_junit, to_markdown
from syncbench.reports.decisions.policy import Limits, Policy

from ..conftest import MakeRun, near


def test_renderers(make_run: MakeRun) -> None:
    policy = Policy(scores={"lse_c": Limits(absolute=0.2), "psnr": Limits(relative=1e-9), "ssim": Limits(absolute=0.9)})
    run = make_run("<worse>&|\x01", near(-1, 1), name="bad-name")
    result = gate(run, make_run("baseline", near(0, 2)), policy)
    suite = ElementTree.fromstring(to_junit(result))
    counts = {v.outcome for v in result.verdicts}
    assert (suite.get("tests"), suite.get("failures")) == ("3", str(sum(v.outcome == "fail" for v in result.verdicts)))
    assert len(suite.findall("testcase/failure")) == int(suite.get("failures") or 0)
    assert len(suite.findall("testcase/error")) == int(suite.get("errors") or 0)
    record = json.loads(to_json(result))
    assert (record["exit_code"], record["outcome"]) == (1, "fail")
    text = to_markdown(result)
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1
    console = Console(file=io.StringIO(), width=160, color_system=None)
    print_gate(result, console)
    assert "fail" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "fail" in counts
