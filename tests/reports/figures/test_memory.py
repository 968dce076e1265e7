"""What a memory holds, drawn: the mouths of slots in use, and mouths from one slot to another."""

from __future__ import annotations

import numpy as np

from syncbench.metrics.memory_slots import slot_shares, used_slots
from syncbench.phonetics.inventory import PHONES, viseme, viseme_classes
from syncbench.reports.figures.drawing import style
from syncbench.reports.figures.memory import interpolation, slot_gallery, slots_by_phone
from syncbench.runs import Run

from ..conftest import MakeRun


def test_the_gallery_shows_the_slots_in_use_by_class_of_their_phone(spoken: list[Run]) -> None:
    table = getattr(spoken[0].totals("memory_slots"), "addressed")  # noqa: B009
    used, most = used_slots(table), slot_shares(table).argmax(axis=0)
    pictures = next(iter(spoken[0].probes().values()))["slots"]
    with style():
        canvas = slot_gallery(spoken[0], 3.25)
        assert canvas is not None
        (axis,) = canvas.axes
        assert len(axis.images) == len(used)
        drawn = [np.asarray(image.get_array()) for image in axis.images]
        phones = [PHONES[most[slot]] or "sil." for slot in used]
        said = [text.get_text() for text in axis.texts if text.get_text() in set(phones)]
        assert sorted(said) == sorted(phones)
        for picture, phone in zip(drawn, said, strict=True):
            slots = [slot for slot in used if (PHONES[most[slot]] or "sil.") == phone]
            assert any(np.array_equal(picture, pictures[slot]) for slot in slots)
        places = [list(viseme_classes()).index(viseme("" if phone == "sil." else phone)) for phone in said]
        assert places == sorted(places)
        assert slot_gallery(spoken[1], 3.25) is None, "a system without memory has none"


def test_the_strip_and_its_curves_are_what_was_kept(spoken: list[Run]) -> None:
    kept = next(iter(spoken[0].probes().values()))
    with style():
        canvas = interpolation(spoken[0], 3.25)
        assert canvas is not None
        top, axis = canvas.axes
        shown = [np.asarray(image.get_array()) for image in top.images]
        np.testing.assert_array_equal(np.stack(shown), kept["blend"])
        lines = np.stack([line.get_ydata() for line in axis.lines])
        np.testing.assert_array_equal(lines[-1], kept["blend_opening"][0])
        assert len(lines) == len(kept["blend_opening"])
        assert interpolation(spoken[1], 3.25) is None


def test_runs_without_pictures_have_no_pictures_to_draw(make_run: MakeRun) -> None:
    run = make_run("old", [7.0, 8.0, 7.5], traces=True)
    with style():
        assert slot_gallery(run, 3.25) is None
        assert interpolation(run, 3.25) is None
        assert slots_by_phone(run, 3.25) is not None
