"""A leaderboard as a folder: one folder per run, and an index that is rebuilt from what is there.

Two writers need no lock. A run appears under its name by one rename; then each writer rebuilds the index until what it
wrote is what it finds, so that the last one to finish has seen every run that arrived before.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from syncbench import registry
from syncbench.errors import CommandError
from syncbench.files import write_text
from syncbench.reports.report import gather
from syncbench.reports.section import tables_of
from syncbench.reports.tables.titles import digest
from syncbench.reports.text import file_name, plain
from syncbench.reports.writers.comma_separated import to_csv
from syncbench.reports.writers.markdown import to_markdown
from syncbench.runs import Run, load_run

__all__ = ["INDEX", "model_index", "publish", "published"]

INDEX = "index.json"
_RUNS = "runs"
_SCHEMA = 1


def publish(run: Run, to: Path) -> Path:
    """Copy ``run`` into the leaderboard folder ``to`` and rebuild its index; return the run's folder there.

    The same run again is one entry; another run of the same name gets its own folder.

    Raises:
        CommandError: the folder cannot be written.
    """
    target = to / _RUNS / f"{file_name(run.name)}-{digest(run)[:12]}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            _copy(run.path, target)
        _rebuild(to)
    except OSError as error:
        raise CommandError(f"{to}: cannot be written: {error.strerror or error}") from error
    return target


def published(folder: Path) -> list[Run]:
    """Return the runs of a leaderboard folder, by folder name. Folders that hold no whole run are passed over."""
    return [run for _, run in _found(folder)]


def _copy(source: Path, target: Path) -> None:
    """Copy a run to ``target``, which appears only when it is complete."""
    temporary = Path(tempfile.mkdtemp(prefix=".arriving-", dir=target.parent))
    try:
        shutil.copytree(source, temporary, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.tmp"))
        temporary.chmod(0o755)
        temporary.rename(target)
    except FileExistsError:
        pass
    except OSError as error:
        if not target.is_dir():  # a second writer of the same run may have been first
            raise error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _found(folder: Path) -> list[tuple[str, Run]]:
    found: list[tuple[str, Run]] = []
    for path in sorted((folder / _RUNS).iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            try:
                found.append((path.name, load_run(path)))
            except CommandError:
                continue
    return found


def _rebuild(folder: Path) -> None:
    while True:
        found = _found(folder)
        runs = gather([run.path for _, run in found])  # with the anchors beside them
        tables = tables_of(runs)
        record = {"schema_version": _SCHEMA, "runs": [_entry(name, run) for name, run in found]}
        write_text(folder / INDEX, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        write_text(folder / "leaderboard.md", "# Leaderboard\n\n" + "\n".join(to_markdown(table) for table in tables))
        write_text(folder / "leaderboard.csv", to_csv(tables))
        if [name for name, _ in _found(folder)] == [name for name, _ in found]:
            return


def _entry(name: str, run: Run) -> dict[str, object]:
    asked = run.manifest
    return {
        "folder": f"{_RUNS}/{name}",
        "run": run.name,
        "model": asked.model,
        "dataset": asked.dataset,
        "split": asked.split,
        "task": asked.task,
        "pairing": asked.pairing,
        "created": asked.created,
        "sha256": digest(run),
        "scores": [asdict(score) for score in run.summary.scores],
    }


def model_index(run: Run) -> str:
    """Return the run's scores as model-card metadata for the Hugging Face hub (YAML, ``model-index``).

    Texts are written as JSON strings, which YAML reads as they are; scores without a value are left out.
    """
    asked = run.manifest
    task = _hub(asked.task)
    lines = [
        "---",
        "model-index:",
        f"- name: {_text(asked.model)}",
        "  results:",
        "  - task:",
        f"      type: {_text(task)}",
    ]
    lines += [f"      name: {_text(asked.task)}"]
    lines += ["    dataset:", f"      type: {_text(asked.dataset)}", f"      name: {_text(asked.dataset)}"]
    lines += [f"      split: {_text(asked.split)}", "    metrics:"]
    measured = [score for score in run.summary.scores if score.value is not None]
    for score in measured:
        name = f"{score.title} ({score.condition})" if score.condition else score.title
        lines += [f"    - type: {_text(score.name)}", f"      value: {score.value!r}", f"      name: {_text(name)}"]
        lines += [f"      config: {_text(score.signature)}"]
    lines += [] if measured else ["      []"]
    return "\n".join([*lines, "---"]) + "\n"


def _hub(task: str) -> str:
    """Return what the hub calls a task."""
    try:
        return registry.task(task).hub or task
    except CommandError:  # its plugin is not installed here
        return task


def _text(text: str) -> str:
    return json.dumps(plain(text), ensure_ascii=False)
