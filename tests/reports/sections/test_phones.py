"""Where sync is lost: system against anchor, by class of phone."""

from __future__ import annotations

from pathlib import Path

import syncbench
from syncbench.clip import Clip
from syncbench.datasets.lrs2 import LRS2
from syncbench.measurement import Ratios
from syncbench.metrics.phone_classes import CLASSES
from syncbench.phonetics.alignment import clip_phones
from syncbench.phonetics.inventory import PHONES, phone_index
from syncbench.reports.figures.drawing import style
from syncbench.reports.sections.phones import phone_tables, sync_by_class
from syncbench.runs import Run


def test_sync_by_class_holds_system_against_anchor(spoken: list[Run]) -> None:
    (table,) = phone_tables(spoken)
    assert [row.anchor for row in table.rows] == ["", "frozen"]
    total = spoken[0].totals("phone_classes")
    assert isinstance(total, Ratios)
    counts = {name: total.pairs[f"sync_distance_{name}"][1] for name in CLASSES}
    assert table.notes[0] == "Frames of each class: " + ", ".join(f"{k} {v}" for k, v in counts.items()) + "."
    said = {symbol for clip in spoken[0].manifest.clips for symbol in _symbols(spoken[0].reference(clip))}
    assert (counts["bilabial"] > 0) == bool(said & set("pbm"))
    with style():
        canvas = sync_by_class(spoken, 3.25)
        assert canvas is not None
        lmd, distance = canvas.axes
        shown = {line.get_ydata()[0] for line in distance.lines if len(line.get_ydata()) == 1}
        values = {run.score(f"sync_distance_{name}").value for run in spoken for name in CLASSES}
        assert shown == values - {None}
        assert lmd.get_ylabel() == "mouth LMD [%]"
        assert sync_by_class(spoken[:0], 3.25) is None


def _symbols(clip: Clip) -> set[str]:
    return {PHONES[phone_index(phone.symbol)] for phone in clip_phones(clip)}


def test_families_are_measured_unasked_where_words_and_phones_are_known(lrs2_grid: Path, tmp_path: Path) -> None:
    root = lrs2_grid
    (videos := tmp_path / "videos").mkdir()
    known = LRS2.clips(root, "test", 1)[0]
    assert isinstance(known, Clip)
    assert known.video is not None
    (videos / "a.mp4").symlink_to(known.video.path)  # without word times
    answers = f"folder:{tmp_path}"  # none is there, so nothing is computed
    of_grid = syncbench.run(answers, "lrs2", root=root, limit=1, out=tmp_path / "grid", workers=1)
    assert {"phone_classes", "readability"} <= of_grid.manifest.metrics.keys()
    of_folder = syncbench.run(answers, "folder", root=videos, out=tmp_path / "folder", workers=1)
    assert not {"phone_classes", "readability"} & of_folder.manifest.metrics.keys()
    assert "there is no transcript" in of_folder.manifest.unavailable["readability"]
    assert "neither a truth file nor word times" in of_folder.manifest.unavailable["phone_classes"]
    assert "neither a truth file nor word times" in of_folder.score("sync_distance_open").reason
    asked = syncbench.run(answers, "folder", root=videos, out=tmp_path / "asked", metrics=["phone_classes"], workers=1)
    assert "phone_classes" in asked.manifest.metrics, "asked for by name, it says so clip by clip"
