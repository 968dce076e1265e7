"""Hold a run's summary and table against its journal, and every file of its answers against the hash it was kept with."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from syncbench.errors import CommandError
from syncbench.runs.journal import ANSWER, PROBE
from syncbench.runs.plan import conditions_of
from syncbench.runs.run import Run, load_run
from syncbench.runs.store import changed_files, record_key
from syncbench.runs.summary import clip_rows, summarise

__all__ = ["verify"]


def verify(path: Path) -> list[str]:
    """Return where a run disagrees with itself, one line each; an empty list when it does not."""
    run = load_run(path)
    return [*_entries(run), *_summary(run), *_table(run)]


def _entries(run: Run) -> list[str]:
    found: list[str] = []
    for clip in run.manifest.clips:
        for condition in conditions_of(run.manifest):
            answer = run.entries.get((clip, condition, ANSWER))
            if answer is None:
                found.append(f"clip {clip}: never answered")
                continue
            if answer.status == "failed":
                continue
            found.extend(f"clip {clip}: {line}" for line in changed_files(answer.data["files"], run.path))
            key = record_key(answer.data)
            for name in run.manifest.metrics:
                measured = run.entries.get((clip, condition, name))
                if measured is None:
                    found.append(f"clip {clip}: never measured by {name}")
                elif measured.status == "done" and measured.data.get("answer") != key:
                    found.append(f"clip {clip}: {name} measured another answer than the one that is kept")
    for (clip, _, stage), entry in run.entries.items():
        if stage == PROBE and entry.status == "done" and not (run.path / entry.data["arrays"]).is_file():
            found.append(f"clip {clip}: {run.path / entry.data['arrays']} is gone")
    return found


def _summary(run: Run) -> list[str]:
    stored = json.loads((run.path / "summary.json").read_text(encoding="utf-8"))
    derived = json.loads(summarise(run.manifest, run.entries, run.path).model_dump_json())
    found: list[str] = []
    for key, value in derived.items():
        if key == "scores":
            continue
        if stored.get(key) != value:
            found.append(f"summary.json: {key} is {stored.get(key)!r}, the journal says {value!r}")
    scores = {(score["metric"], score["name"], score["condition"]): score for score in stored.get("scores", [])}
    for score in derived["scores"]:
        there = scores.pop((score["metric"], score["name"], score["condition"]), None)
        if there is None:
            found.append(f"summary.json: {score['name']} {score['condition']} is missing")
            continue
        for key, value in score.items():
            if there.get(key) != value:
                where = f"{score['name']} {score['condition']}".strip()
                found.append(f"summary.json: {where}: {key} is {there.get(key)}, the journal says {value}")
    found.extend(f"summary.json: {name} {condition} is not in the journal" for _, name, condition in scores)
    return found


def _table(run: Run) -> list[str]:
    try:
        stored = run.to_pandas()
    except (OSError, ValueError) as error:
        raise CommandError(f"{run.path / 'clips.parquet'} cannot be read: {error}") from error
    derived = clip_rows(run.manifest, run.entries, run.path)
    try:
        pd.testing.assert_frame_equal(stored, derived, check_dtype=False, check_exact=True)
    except AssertionError as error:
        return ["clips.parquet: " + " ".join(str(error).split())]
    return []
