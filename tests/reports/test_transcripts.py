"""What was said and what was heard, as a run holds it."""

from __future__ import annotations

from syncbench.reports.transcripts import transcripts

from .conftest import MakeRun


def test_texts_are_normalised(make_run: MakeRun) -> None:
    noisy = "audio=white@5,visual=clean"
    run = make_run(
        "a",
        [1, 0],
        task="avsr",
        transcript="Bin blue, at L six now!",
        heard="bin Blue at",
        conditions=[(noisy, [1, 2])],
    )
    for condition in ("", noisy):
        said, heard = transcripts(run, condition)
        assert set(said) == set(heard) == set(run.manifest.clips)
        assert set(said.values()) == {"BIN BLUE AT L SIX NOW"}
        assert set(heard.values()) == {"BIN BLUE AT"}


def test_a_run_of_faces_has_none(make_run: MakeRun) -> None:
    assert transcripts(make_run("a", [7.0, 8.0])) == ({}, {})
