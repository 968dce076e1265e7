"""What only this toolkit shows, out of one real run: what the slots draw, how they blend, where sync is lost."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import syncbench
from syncbench.contracts import Clip
from syncbench.datasets.lrs2 import LRS2
from syncbench.datasets.synthetic.articulation import viseme, viseme_classes
from syncbench.metrics._phones import INVENTORY, clip_phones, phone_index
from syncbench.metrics.memory_slots import monotonicity, slot_shares, used_slots
from syncbench.metrics.phone_classes import CLASSES
from syncbench.reports.figures import style
from syncbench.reports.memory import gallery, interpolation, memory_tables, slots_by_phone
from syncbench.reports.phones import phone_tables, sync_by_class
from syncbench.reports.report import report
from syncbench.runs import Run

from .conftest import MakeRun


@pytest.fixture(scope="module")
def runs(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """SyncTalkFace on two real clips, and one frame standing still."""
    folder = tmp_path_factory.mktemp("analyses")
    root = shared / "data" / "lrs2-grid"
    families = ["phone_classes", "memory_slots"]
    system = syncbench.run("synctalkface", "lrs2", root=root, limit=2, metrics=families, out=folder / "run", workers=1)
    anchor = syncbench.run("frozen", "lrs2", root=root, limit=2, metrics=families[:1], out=folder / "frozen", workers=1)
    return [system, anchor]


def test_one_run_and_one_report_give_every_table_and_figure(runs: list[Run], tmp_path: Path) -> None:
    page = report([run.path for run in runs], tmp_path).read_text()
    for kind in ("memory", "slots", "blend", "phones"):
        drawn = {path.suffix for path in (tmp_path / "figures").glob(f"{kind}-*")}
        assert drawn == {".pdf", ".svg", ".png"}, kind
        assert f'src="figures/{kind}-' in page
    assert "Where sync is lost" in page
    lines = list(csv.DictReader((tmp_path / "leaderboard.csv").open()))
    said = {line["score"]: line for line in lines if line["system"] == "synctalkface"}
    assert {
        "NMI(phone, slot)",
        "NMI by chance",
        "Slot agreement",
        "Blend monotonicity",
        "M-LMD bilabial",
    } <= said.keys()
    openings = next(iter(runs[0].probes().values()))["blend_opening"]
    assert float(said["Blend monotonicity"]["value"]) == pytest.approx(monotonicity(openings))


def test_the_gallery_shows_the_slots_in_use_by_class_of_their_phone(runs: list[Run]) -> None:
    table = getattr(runs[0].totals("memory_slots"), "addressed")  # noqa: B009
    used, most = used_slots(table), slot_shares(table).argmax(axis=0)
    pictures = next(iter(runs[0].probes().values()))["slots"]
    with style():
        canvas = gallery(runs[0], 3.25)
        assert canvas is not None
        (axis,) = canvas.axes
        assert len(axis.images) == len(used)
        drawn = [np.asarray(image.get_array()) for image in axis.images]
        phones = [INVENTORY[most[slot]] or "sil." for slot in used]
        said = [text.get_text() for text in axis.texts if text.get_text() in set(phones)]
        assert sorted(said) == sorted(phones)
        for picture, phone in zip(drawn, said, strict=True):
            slots = [slot for slot in used if (INVENTORY[most[slot]] or "sil.") == phone]
            assert any(np.array_equal(picture, pictures[slot]) for slot in slots)
        places = [list(viseme_classes()).index(viseme("" if phone == "sil." else phone)) for phone in said]
        assert places == sorted(places)
        assert gallery(runs[1], 3.25) is None, "a system without memory has none"


def test_the_strip_and_its_curves_are_what_was_kept(runs: list[Run]) -> None:
    kept = next(iter(runs[0].probes().values()))
    with style():
        canvas = interpolation(runs[0], 3.25)
        assert canvas is not None
        top, axis = canvas.axes
        shown = [np.asarray(image.get_array()) for image in top.images]
        np.testing.assert_array_equal(np.stack(shown), kept["blend"])
        lines = np.stack([line.get_ydata() for line in axis.lines])
        np.testing.assert_array_equal(lines[-1], kept["blend_opening"][0])
        assert len(lines) == len(kept["blend_opening"])
        assert interpolation(runs[1], 3.25) is None


def test_sync_by_class_holds_system_against_anchor(runs: list[Run]) -> None:
    (table,) = phone_tables(runs)
    assert [row.anchor for row in table.rows] == ["", "frozen"]
    counts = {name: getattr(runs[0].totals("phone_classes"), f"{name}_windows") for name in CLASSES}
    assert table.notes[0] == "Frames of each class: " + ", ".join(f"{k} {v}" for k, v in counts.items()) + "."
    said = {symbol for clip in runs[0].manifest.clips for symbol in _symbols(runs[0].reference(clip))}
    assert (counts["bilabial"] > 0) == bool(said & set("pbm"))
    with style():
        canvas = sync_by_class(runs, 3.25)
        assert canvas is not None
        lmd, distance = canvas.axes
        shown = {line.get_ydata()[0] for line in distance.lines if len(line.get_ydata()) == 1}
        values = {run.score(f"sync_distance_{name}").value for run in runs for name in CLASSES}
        assert shown == values - {None}
        assert lmd.get_ylabel() == "mouth LMD [%]"
        assert sync_by_class(runs[:0], 3.25) is None


def _symbols(clip: Clip) -> set[str]:
    return {INVENTORY[phone_index(phone.symbol)] for phone in clip_phones(clip)}


def test_runs_without_pictures_say_so(make_run: MakeRun) -> None:
    run = make_run("old", [7.0, 8.0, 7.5], traces=True)
    (table,) = memory_tables([run])
    assert table.rows[0].cells[-1].value is None
    assert any("kept no blends" in note for note in table.notes)
    with style():
        assert gallery(run, 3.25) is None
        assert interpolation(run, 3.25) is None
        assert slots_by_phone(run, 3.25) is not None
    assert memory_tables([make_run("other", [7.0, 8.0])]) == []


def test_families_are_measured_unasked_where_words_and_phones_are_known(shared: Path, tmp_path: Path) -> None:
    root = shared / "data" / "lrs2-grid"
    (videos := tmp_path / "videos").mkdir()
    known = LRS2.clips(root, "test", 1)[0]
    assert isinstance(known, Clip)
    assert known.video is not None
    (videos / "a.mp4").symlink_to(known.video)  # without word times
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
