"""How often the gate cries wolf over equal systems, and what it finds when one is worse.

    python benchmarks/gate_false_alarms.py [--pairs 200] [--out benchmarks/gate_false_alarms.md]

Each pair is two systems over the same clips. A clip has a difficulty (shared by both, with a part shared by its speaker)
and each system adds noise of its own, as two seeds of one training recipe do. Equal systems draw from the same
distribution; a worse one is shifted by a known loss, in standard deviations of the noise of one clip. Every pair is
judged on three scores at once: LSE-C and LSE-D with a floor of 2 % of the baseline and WER with one of 2 points, by the
very function the command calls.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from syncbench.measurement import Measurement, Ratios
from syncbench.metric import Direction, Score
from syncbench.metrics.word_error import WordErrorMeasurement
from syncbench.reports.decisions.gate import Case, judge
from syncbench.reports.decisions.policy import Limits, Policy

LOSSES = (0.0, 0.1, 0.2, 0.3, 0.5, 1.0)
WORDS = 8
POLICY = Policy(scores={"lse_c": Limits(relative=0.02), "lse_d": Limits(relative=0.02), "wer": Limits(absolute=2)})


@dataclass(frozen=True)
class Setting:
    """How many clips, in how many speakers (0: every clip stands alone)."""

    clips: int
    speakers: int


SETTINGS = (Setting(60, 0), Setting(60, 30), Setting(200, 0), Setting(200, 40))


def pair(setting: Setting, loss: float, seed: int) -> str:
    """Return the gate's outcome for one pair: fail, pass or cannot tell."""
    draw = np.random.default_rng([setting.clips, setting.speakers, round(100 * loss), seed])
    speaker = np.arange(setting.clips) % (setting.speakers or setting.clips)
    difficulty = draw.normal(0, 0.7, speaker.max() + 1)[speaker] + draw.normal(0, 0.7, setting.clips)
    groups = [f"speaker{i}" for i in speaker] if setting.speakers else [""] * setting.clips
    systems = [difficulty + draw.normal(0, 0.5, setting.clips) for _ in range(2)]
    systems[1] = systems[1] - 0.5 * loss
    lse = [[_lse(skill) for skill in system] for system in systems]
    words = [_words(system, draw) for system in systems]
    cases = [
        _case("lse_c", "higher", lse[0], lse[1], groups),
        _case("lse_d", "lower", lse[0], lse[1], groups),
        _case("wer", "lower", words[0], words[1], groups),
    ]
    outcomes = {verdict.outcome for verdict in judge(cases, POLICY)}
    return next(outcome for outcome in ("fail", "cannot tell", "pass") if outcome in outcomes)


def _lse(skill: float) -> Ratios:
    return Ratios({"lse_c": (7 + skill, 1), "lse_d": (7 - skill, 1)})


def _words(skills: Sequence[float], draw: np.random.Generator) -> list[Measurement]:
    wrong = draw.binomial(WORDS, 1 / (1 + np.exp(1.4 + np.asarray(skills))))
    return [WordErrorMeasurement(hits=WORDS - int(w), substitutions=int(w), sentences=1) for w in wrong]


def _case(
    name: str, better: Direction, baseline: Sequence[Measurement], run: Sequence[Measurement], groups: Sequence[str]
) -> Case:
    score = Score(name, name, "", 0.0, None, None, len(run), 0, name, "", better, 3, "")
    return Case(score, POLICY.scores[name], baseline, run, groups)


def main() -> None:
    """Run the study and write its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    asked = parser.parse_args()
    lines = [
        "# The gate: false alarms and power",
        "",
        f"Made by `benchmarks/gate_false_alarms.py --pairs {asked.pairs}`: {asked.pairs} seeded pairs per cell, three",
        f"scores judged together at level {POLICY.level}: LSE-C and LSE-D with a floor of 2 % of the baseline,",
        "WER with one of 2 points. Share of pairs that fail; in brackets, the share that cannot be told. The first",
        "column is the rate of false alarms. The loss is in standard deviations of one system's noise on one clip",
        "(1 is 0.5 LSE).",
        "",
        "| clips | speakers | " + " | ".join("equal" if loss == 0 else f"loss {loss}" for loss in LOSSES) + " |",
        "| ---: | ---: | " + " | ".join("---:" for _ in LOSSES) + " |",
    ]
    with ProcessPoolExecutor(asked.workers) as pool:
        for setting in SETTINGS:
            cells = []
            for loss in LOSSES:
                counts = Counter(pool.map(partial(pair, setting, loss), range(asked.pairs), chunksize=10))
                fail, unknown = (100 * counts[outcome] / asked.pairs for outcome in ("fail", "cannot tell"))
                cells.append(f"{fail:.1f} % ({unknown:.0f} %)")
            lines.append(f"| {setting.clips} | {setting.speakers or 'each its own'} | {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    asked.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
