"""Text made harmless, and numbers as they are printed."""

from __future__ import annotations

from syncbench.reports.text import file_name, number, percent, plain


def test_numbers() -> None:
    assert number(-0.0004, 3) == "0.000"
    assert number(-0.4, 1) == "-0.4"
    assert number(None, 1) == number(float("nan"), 1) == "n/a"


def test_plain_text_and_file_names() -> None:
    assert plain("a\nb\x1b[2Jc\u202ed") == "a b\ufffd[2Jc\ufffdd"
    assert file_name("../../etc/passwd") == "etc-passwd"
    assert file_name("///") == "x"
    assert len(file_name("a" * 500)) == 60


def test_a_share_short_of_the_whole_never_reads_as_the_whole() -> None:
    assert [percent(share) for share in (0.0, 0.975, 0.99999, 1.0)] == ["0.0 %", "97.5 %", "99.9 %", "100.0 %"]
