"""Babble: a clip's noise is the same in any part of a run, and where its voices come from is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from syncbench.runs import Run, load_run
from syncbench.signature import comparable, difference, parse

from .conftest import Command, Install, film, over

EARS = """
import hashlib

from syncbench import Options, System, Text


class Ears(System[Options]):
    task = "avsr"

    def answer(self, given):
        return Text(hashlib.sha256(given.speech.tobytes()).hexdigest())
"""
CONDITION = "audio=babble@-5,visual=clean"

Listen = Callable[..., Run]


@pytest.fixture
def listen(command: Command, install: Install, tmp_path: Path) -> Listen:
    """Run a system that writes down the bytes it hears over eight clips with babble."""
    install(EARS, models={"ears": "Ears"})
    for n in range(8):
        film(tmp_path / "set" / f"{n}.mp4", n, 12 + n).with_suffix(".txt").write_text(f"hum {n}")

    def run(out: str, *more: str, audio: str = "babble@-5") -> Run:
        done = command(*over("set", "ears", "word_error"), "--audio", audio, "--out", out, *more)
        assert done.returncode == 0, done.stderr
        return load_run(tmp_path / out)

    return run


def heard(run: Run, condition: str = CONDITION) -> dict[str, str | None]:
    return {clip: run.output(clip, condition).transcript for clip in run.manifest.clips}


def test_the_noise_of_a_clip_is_the_same_whatever_else_is_run(listen: Listen) -> None:
    whole = heard(listen("whole"))
    assert len(set(whole.values())) == 8
    assert heard(listen("again")) == whole
    assert heard(listen("two", "--workers", "2")) == whole
    for n in (1, 4):
        part = heard(listen(f"limit{n}", "--limit", str(n)))
        assert part.items() <= whole.items()
        assert len(part) == n
    assert heard(listen("s1", "--shard", "1/2")) | heard(listen("s2", "--shard", "2/2")) == whole
    assert heard(listen("last", "--shard", "8/8")) == {"7": whole["7"]}, "a clip all alone"
    other = heard(listen("seed", "--seed", "1"))
    assert [clip for clip in whole if whole[clip] == other[clip]] == []


def test_the_signature_says_of_which_voices_babble_is_made(listen: Listen, tmp_path: Path) -> None:
    whole, part = (listen(*more).score("wer", CONDITION).signature for more in (["whole"], ["part", "--limit", "4"]))
    assert parse(whole)[1]["voices"].startswith("8@")
    assert parse(part)[1]["voices"] == parse(whole)[1]["voices"]
    film(tmp_path / "set" / "0.mp4", 9)
    other = listen("other").score("wer", CONDITION).signature
    assert any(line.startswith("voices: 8@") for line in difference(whole, other))
    assert not comparable(whole, other)


def test_a_condition_without_babble_says_nothing_of_voices(listen: Listen) -> None:
    run = listen("run", audio="clean,white@0,babble@-5")
    voices = {score.condition: parse(score.signature)[1].get("voices", "") for score in run.summary.scores}
    assert [name for name, found in voices.items() if found] == [CONDITION]


def test_too_few_voices_are_said(listen: Listen) -> None:
    said = "babble of 30 voices was made of 7 different ones: the split has no more"
    run = listen("run", audio="babble@-5,babble7@0,white@0")
    assert run.summary.remarks == [f"{CONDITION}: {said}"]
    assert listen("one", "--limit", "1").summary.remarks == [f"{CONDITION}: {said}"]
