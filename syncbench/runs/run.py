"""A run on disk, read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from syncbench import registry
from syncbench.clip import Clip
from syncbench.errors import CommandError
from syncbench.files import read_arrays
from syncbench.measurement import Measurement
from syncbench.metric import Score
from syncbench.runs.journal import ANSWER, PROBE, Entry, Key, read
from syncbench.runs.manifest import Manifest
from syncbench.runs.plan import conditions_of
from syncbench.runs.store import clip_from_json
from syncbench.runs.summary import Summary, measurements_of, withheld_of
from syncbench.task import Anchor

__all__ = ["Run", "load_run"]


@dataclass(frozen=True, eq=False)
class Run:
    """One run: its manifest, its summary, and through its journal everything each clip contributed.

    Two runs are equal where they are one object: what lies on disk may be read anew.
    """

    path: Path
    manifest: Manifest
    summary: Summary

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def is_anchor(self) -> bool:
        """Whether this is one of its task's anchors, such as the real video."""
        return self.manifest.anchor

    @property
    def anchor(self) -> Anchor | None:
        """The anchor that this is, as its task has it; None for a system, and where the task is not installed here."""
        if not self.manifest.anchor:
            return None
        try:
            return registry.task(self.manifest.task).anchor(self.manifest.model)
        except CommandError:
            return None

    @cached_property
    def entries(self) -> dict[Key, Entry]:
        """The journal's newest entry of every (clip, condition, stage)."""
        return read(self.path / "journal.jsonl")

    @property
    def conditions(self) -> list[str]:
        return list(conditions_of(self.manifest))

    def score(self, name: str, condition: str | None = None) -> Score:
        """Return one corpus score by name; of the first condition where none is given. Raises KeyError."""
        wanted = self.conditions[0] if condition is None else condition
        for score in self.summary.scores:
            if score.name == name and score.condition == wanted:
                return score
        raise KeyError(name)

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per clip, condition and score: clip, speaker, group, condition, metric, score, value, reason."""
        return pd.read_parquet(self.path / "clips.parquet")

    def measurements(self, metric: str, condition: str = "", score: str = "") -> dict[str, Measurement]:
        """Return clip -> measurement of a metric family, in the run's order; where a score is named, of the clips that
        it is not withheld for."""
        found = dict(measurements_of(registry.metric(metric), condition, self.manifest, self.entries, self.path))
        out = self.withheld(metric, condition).get(score, {})
        return {clip: measurement for clip, measurement in found.items() if clip not in out}

    def withheld(self, metric: str, condition: str = "") -> dict[str, dict[str, str]]:
        """Return score -> clip -> why a metric family withholds the score for the clip; empty where it withholds none."""
        return withheld_of(metric, condition, self.manifest, self.entries)

    def totals(self, metric: str, condition: str = "") -> Measurement:
        """Return the sum of all measurements of a metric family."""
        loaded = registry.metric(metric)
        total = loaded.measurement.zero()
        for _, measurement in measurements_of(loaded, condition, self.manifest, self.entries, self.path):
            total = total + measurement
        return total

    def groups(self) -> dict[str, str]:
        """Return clip -> group (speaker or video), for resampling."""
        return {clip: str(data["reference"]["group"]) for clip, data in self._answers(self.conditions[0]).items()}

    def reference(self, clip: str, condition: str | None = None) -> Clip:
        """Return the clip as the dataset gave it. Raises KeyError where it was not answered."""
        return clip_from_json(self._answer(clip, condition)["reference"], self.path)

    def output(self, clip: str, condition: str | None = None) -> Clip:
        """Return the kept answer. Raises KeyError where there is none."""
        return clip_from_json(self._answer(clip, condition)["output"], self.path)

    def traces(self, clip: str, condition: str | None = None) -> dict[str, NDArray[Any]]:
        """Return what the system left beside its answer, such as memory addresses; empty where nothing."""
        return _arrays(self.output(clip, condition).extras.get("traces"))

    def curves(self, clip: str, condition: str = "") -> dict[str, NDArray[Any]]:
        """Return the per-frame curves metrics kept of a clip, by name; empty where none."""
        found: dict[str, NDArray[Any]] = {}
        for metric in reversed(self.manifest.metrics):  # where two families draw one curve, the first one's counts
            entry = self.entries.get((clip, condition, metric))
            if entry is not None and entry.status == "done" and "curves" in entry.data:
                found.update(_arrays(self.path / entry.data["curves"]))
        return found

    def probes(self) -> dict[str, dict[str, NDArray[Any]]]:
        """Return clip -> arrays of what the system showed of its inside (``System.probe``); empty where nothing.

        One clip, unless the run was joined from several.
        """
        found = {clip: self.entries.get((clip, "", PROBE)) for clip in self.manifest.clips}
        return {
            clip: _arrays(self.path / entry.data["arrays"])
            for clip, entry in found.items()
            if entry is not None and entry.status == "done"
        }

    def _answer(self, clip: str, condition: str | None) -> Any:
        return self.entries[clip, self.conditions[0] if condition is None else condition, ANSWER].data

    def _answers(self, condition: str) -> dict[str, Any]:
        found = {clip: self.entries.get((clip, condition, ANSWER)) for clip in self.manifest.clips}
        return {clip: entry.data for clip, entry in found.items() if entry is not None and entry.status == "done"}


def _arrays(path: Path | None) -> dict[str, NDArray[Any]]:
    if path is None or not path.is_file():
        return {}
    return read_arrays(path)


def load_run(path: str | os.PathLike[str]) -> Run:
    """Read a run's folder. Raises CommandError where it is none, or one that has not ended."""
    folder = Path(path)
    if not (folder / "manifest.json").is_file():
        raise CommandError(
            f"{folder} is not a run: it has no manifest.json (make one with `syncbench run --out {folder}`)"
        )
    if not (folder / "summary.json").is_file():
        raise CommandError(
            f"{folder} has not ended: it has no summary.json (resume it with the same `syncbench run` command)"
        )
    try:
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
        summary = Summary.model_validate_json((folder / "summary.json").read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CommandError(f"{folder} was written by another version of SyncBench: {where}: {first['msg']}") from error
    return Run(folder, manifest, summary)
