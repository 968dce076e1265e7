"""The journal loses nothing but the line being written, wherever it is cut."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from syncbench.runs.journal import Entry, Journal, read

ENTRIES = [
    Entry("a/1", "", "answer", "done", data={"output": {"video": "run:outputs/ü.mp4"}}, seconds=0.5),
    Entry("a/1", "", "lse", "done", data={"numbers": {"lse_c": float("nan")}}),
    Entry("b", "audio=babble@0", "answer", "failed", "b.mp4: no frames\tin it"),
    Entry("b", "audio=babble@0", "answer", "done"),
]


def written(path: Path) -> bytes:
    path.unlink(missing_ok=True)
    with Journal(path) as journal:
        journal.append(*ENTRIES)
    return path.read_bytes()


def test_newest_line_of_a_key_counts(tmp_path: Path) -> None:
    written(tmp_path / "j")
    entries = read(tmp_path / "j")
    assert len(entries) == 3
    assert entries["b", "audio=babble@0", "answer"].status == "done"
    assert entries["a/1", "", "answer"] == ENTRIES[0]


def test_an_answer_given_anew_takes_with_it_what_was_measured_of_the_earlier_one(tmp_path: Path) -> None:
    answer, lse = ENTRIES[:2]
    probe, other = Entry("a/1", "", "probe", "done"), Entry("a/1", "audio=babble@0", "lse", "done")
    failed = Entry("a/1", "", "answer", "failed", "a/1.mp4 is not there")
    for anew in (answer, failed):
        with Journal(tmp_path / "j") as journal:
            journal.append(answer, lse, probe, other, anew)
        assert set(read(tmp_path / "j")) == {answer.key, probe.key, other.key}
        with Journal(tmp_path / "j") as journal:
            journal.append(answer, lse)
        assert lse.key in read(tmp_path / "j")


def test_missing_journal_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == {}


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 10_000))
def test_cut_at_any_byte_keeps_every_whole_line_and_goes_on(tmp_path_factory: object, cut: int) -> None:
    path = tmp_path_factory.mktemp("j") / "journal.jsonl"  # type: ignore[attr-defined]
    whole = written(path)
    cut %= len(whole) + 1
    path.write_bytes(whole[:cut])
    lines = whole[:cut].count(b"\n")
    with Journal(path) as journal:
        journal.append(ENTRIES[1])
    assert path.read_bytes() == b"".join(whole.splitlines(keepends=True)[:lines]) + ENTRIES[1].line().encode() + b"\n"
    assert len(read(path)) >= 1
