"""Write what ``evaluators.py`` measured into the evaluators' cards: ``python benchmarks/evaluator_cards.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MEASURED, BEFORE = HERE / "evaluators.json", HERE / "evaluators-before.json"
CARDS = HERE.parent / "baselines" / "evaluators"
_HEAD = "| data | what | before | measured | worst talker | target |\n| --- | --- | ---: | ---: | --- | --- |\n"


def table(evaluator: str) -> str:
    """Return an evaluator's rows as a Markdown table; empty cells where nothing was measured before, or none is worst."""
    rows: list[dict[str, Any]] = json.loads(MEASURED.read_text(encoding="utf-8"))
    earlier = {
        (r["evaluator"], r["data"], r["what"]): r["value"] for r in json.loads(BEFORE.read_text(encoding="utf-8"))
    }
    lines = []
    for row in rows:
        if row["evaluator"] != evaluator:
            continue
        was = earlier.get((evaluator, row["data"], row["what"]))
        value = f"{_short(row['value'])} {row['unit']}".strip()
        worst = "" if row["worst"] is None else f"{_short(row['worst'])} ({row['who']})"
        target = row["target"] and f"{row['target']}, {'met' if row['met'] else '**missed**'}"
        cells = (row["data"], row["what"], "" if was is None else _short(was), value, worst, target)
        lines.append(f"| {' | '.join(cells)} |")
    return _HEAD + "\n".join(lines) + "\n"


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def with_table(card: str, evaluator: str) -> str:
    """Return a card with its one table of accuracy (the first after "## Accuracy") written anew."""
    start = card.index("\n|", card.index("## Accuracy")) + 1
    end = start
    while card.startswith("|", end):
        end = card.index("\n", end) + 1
    return card[:start] + table(evaluator) + card[end:]


def main() -> None:
    """Write the cards."""
    for evaluator in ("expert", "landmarks", "lipreader"):
        path = CARDS / evaluator / "card.md"
        path.write_text(with_table(path.read_text(encoding="utf-8"), evaluator), encoding="utf-8")


if __name__ == "__main__":
    main()
