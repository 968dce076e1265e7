"""What scores declare decides how tables print and sort them: it changes on purpose, or not at all.

After a change on purpose: ``python tests/metrics/test_declarations.py`` writes the file anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from syncbench import registry

DECLARED = Path(__file__).parents[1] / "data" / "scores.json"


def declared() -> dict[str, dict[str, Any]]:
    return {
        name: {
            "order": metric.order,
            "on_request": metric.on_request,
            "covers": metric.covers,
            "scores": {
                s.name: [s.title, s.unit, s.direction, list(s.range), s.reference, s.digits, s.headline]
                for s in metric.scores
            },
        }
        for name, metric in sorted(registry.metrics().items())
        if registry.owner("metric", name) == "syncbench"
    }


def test_scores_are_declared_as_they_were() -> None:
    assert declared() == json.loads(DECLARED.read_text())


if __name__ == "__main__":
    DECLARED.write_text(json.dumps(declared(), indent=1) + "\n")
