"""What a gate asks, read from TOML."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncbench.errors import CommandError
from syncbench.reports.decisions.policy import Limits, load_policy


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
