"""What a gate asks, read from TOML."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from syncbench.errors import CommandError
from syncbench.reports.decisions.policy import Limits, Policy, load_policy


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("levle = 0.05\n[scores.lse_c]\nabsolute=1", "levle: Extra inputs"),
        ("[scores.lse_c]\nabsolut=1", "scores.lse_c.absolut: Extra inputs"),
        ("[scores.lse_c]\nabsolute=-1", "scores.lse_c.absolute"),
        ("[scores.lse_c]\n", "relative or absolute above zero"),
        ("level = 0.05", "scores: Field required"),
        ("unseen = 0.5\n[scores.lse_c]\nabsolute=1", "unseen: Input should be greater"),
        ("allow_lost = -1\n[scores.lse_c]\nabsolute=1", "allow_lost: Input should be greater"),
        ("[scores", "is not TOML"),
    ],
)
def test_a_wrong_policy_is_one_clear_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(text)
    with pytest.raises(CommandError, match=complaint) as caught:
        load_policy(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_policy_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text('level = 0.01\nmin_clips = 30\nallow_lost = 2\n[scores."wer*"]\nrelative = 0.02\nabsolute = 0.5\n')
    policy = load_policy(path)
    assert (policy.level, policy.min_clips, policy.unseen, policy.allow_lost) == (0.01, 30, 3, 2)
    assert policy.limits("wer", "audio=x") == Limits(relative=0.02, absolute=0.5)
    assert policy.limits("cer", "") is None
    with pytest.raises(CommandError, match="cannot be read"):
        load_policy(tmp_path / "none.toml")


def _read(folder: Path, *lines: str) -> Policy:
    path = folder / "gate.toml"
    path.write_text("\n".join([*lines, "[scores.lse_c]", "absolute = 1"]))
    return load_policy(path)


def test_what_is_not_said_has_its_documented_value(tmp_path: Path) -> None:
    usual = _read(tmp_path)
    assert (usual.level, usual.min_clips, usual.unseen, usual.allow_lost) == (0.05, 20, 3, 0)
    assert usual.limits("lse_c", "") == Limits(absolute=1, relative=0)


def test_numbers_at_their_bounds_are_taken_and_those_beyond_refused(tmp_path: Path) -> None:
    for line in ("min_clips = 2", "unseen = 1", "allow_lost = 0", "level = 0.001", "level = 0.999"):
        _read(tmp_path, line)
    for line in ("min_clips = 1", "unseen = 0.99", "allow_lost = -1", "level = 0", "level = 1"):
        with pytest.raises(CommandError, match=line.split()[0]):
            _read(tmp_path, line)
    path = tmp_path / "gate.toml"
    path.write_text("[scores.wer]\nrelative = -0.5\nabsolute = 1")
    with pytest.raises(CommandError, match=r"scores\.wer\.relative"):
        load_policy(path)
    path.write_text("[scores]\n")
    with pytest.raises(CommandError, match="scores"):
        load_policy(path)


def test_the_first_pattern_that_fits_name_and_condition_counts() -> None:
    one, two, three = Limits(absolute=1), Limits(absolute=2), Limits(absolute=3)
    policy = Policy(scores={"wer@audio=babble*": one, "wer": two, "?er": three})
    assert policy.limits("wer", "audio=babble@0,visual=clean") == one
    assert policy.limits("wer", "audio=white@0,visual=clean") == policy.limits("wer", "") == two
    assert policy.limits("cer", "audio=babble@0,visual=clean") == three
    assert policy.limits("cers", "") is None


def test_a_policy_that_was_read_is_not_changed_under_way() -> None:
    limits = Limits(absolute=1)
    policy = Policy(scores={"wer": limits})
    with pytest.raises(ValidationError, match="frozen"):
        policy.level = 0.5
    with pytest.raises(ValidationError, match="frozen"):
        limits.absolute = 9
