"""``syncbench report``: everything people open and papers print, from runs alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from syncbench.errors import CommandError
from syncbench.reports.figures.drawing import WIDTHS, draw
from syncbench.reports.section import drawings_of, tables_of
from syncbench.reports.tables.literature import published_tables
from syncbench.reports.tables.table import Table
from syncbench.reports.tables.titles import digest, system_title
from syncbench.reports.writers.comma_separated import to_csv
from syncbench.reports.writers.latex import fragment
from syncbench.reports.writers.markdown import bullets, code, escape, to_markdown
from syncbench.runs import Run, runs_in, with_companions

__all__ = ["gather", "report"]


def gather(paths: Sequence[str | os.PathLike[str]]) -> list[Run]:
    """Read the runs (those of a folder of runs, too) and what was run beside them, each run once.

    What stands beside two systems, or was named as well, is one row: anchors, and systems that were asked the same.

    Raises:
        CommandError: a path is no run.
    """
    if not paths:
        raise CommandError("name at least one run")
    named = {run.path.resolve(): run for path in paths for run in runs_in(Path(path))}
    systems = {_made_of(run) for run in named.values() if not run.is_anchor}
    anchors = {_made_of(run): run for run in reversed(named.values()) if run.is_anchor}
    found: dict[Path, Run] = {}
    for run in named.values():
        for one in [run] if run.is_anchor else with_companions(run):
            key = _made_of(one)
            if one.is_anchor:
                kept = anchors.setdefault(key, one)
                found.setdefault(kept.path.resolve(), kept)
            elif one is run or key not in systems:
                systems.add(key)
                found.setdefault(one.path.resolve(), one)
    return sorted(found.values(), key=lambda run: run.is_anchor)


def _made_of(run: Run) -> tuple[str, ...]:
    """Return what makes two runs one and the same; of an anchor, what it is of."""
    asked = run.manifest
    of = (asked.model, asked.dataset_hash, asked.split, asked.pairing, asked.task)
    return of if run.is_anchor else (*of, str(asked.seed), *run.conditions, str(sorted(asked.settings.items())))


def report(paths: Sequence[str | os.PathLike[str]], out: Path, paper: str = "cvpr") -> Path:
    """Write ``index.html`` with its media and figures, ``leaderboard.md|tex|csv`` and ``report.md`` to ``out``.

    ``paper`` is a key of ``WIDTHS``: how wide figures are. Returns the path of ``index.html``.

    Raises:
        CommandError: a path is no run, or ``out`` cannot be written.
    """
    from syncbench.reports.writers.page import write_page

    runs = gather(paths)
    tables = tables_of(runs)
    literature = published_tables(sorted({run.manifest.dataset for run in runs}))
    try:
        out.mkdir(parents=True, exist_ok=True)
        board = "\n".join(to_markdown(table) for table in tables)
        (out / "leaderboard.md").write_text(f"# Leaderboard\n\n{board}", encoding="utf-8")
        (out / "leaderboard.tex").write_text(fragment([*tables, *literature]), encoding="utf-8")
        (out / "leaderboard.csv").write_text(to_csv([*tables, *literature]), encoding="utf-8")
        (out / "report.md").write_text(_markdown(runs, tables, literature), encoding="utf-8")
        figures = draw(drawings_of(runs, WIDTHS[paper]), out / "figures")
        return write_page(runs, tables, literature, figures, out)
    except OSError as error:
        raise CommandError(f"{error.filename or out}: cannot be written: {error.strerror}") from error


def _markdown(runs: Sequence[Run], tables: Sequence[Table], literature: Sequence[Table]) -> str:
    lines = ["# SyncBench report", "", *(to_markdown(table) for table in tables)]
    for run in runs:
        asked = run.manifest
        lines += [f"## {escape(system_title(run))}", ""]
        git = f"{asked.git.commit[:12]}{' with changes' if asked.git.dirty else ''}" if asked.git else "none"
        facts = {
            "run": run.name,
            "command": " ".join(asked.command),
            "clips": f"{run.summary.answered} of {run.summary.listed} answered",
            "seed": str(asked.seed),
            "git commit": git,
            "made": asked.created,
            "machine": f"{asked.hardware.processor}, {asked.hardware.cores} cores",
            "sha256 of the summary": digest(run),
        }
        lines += bullets(f"{key}: {code(value)}" for key, value in facts.items() if value)
        lines += bullets(f"remark: {escape(remark)}" for remark in run.summary.remarks)
        shown = run.summary.failures[:50]
        lines += bullets(f"failed: {code(f.clip)} in {escape(f.stage)}: {escape(f.reason)}" for f in shown)
        more = len(run.summary.failures) - len(shown)
        lines += bullets([f"and {more} more failures"] if more else [])
        lines.append("")
    lines += ["## Published elsewhere", "", *(to_markdown(table) for table in literature)] if literature else []
    return "\n".join(lines) + "\n"
