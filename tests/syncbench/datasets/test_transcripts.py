"""Text files of the datasets, with every trap that their readers fall into."""

from __future__ import annotations

import pytest

from syncbench.clip import Word
from syncbench.datasets.transcripts import clean, read_align, read_lines, read_list, read_lrs, read_table, read_text
from syncbench.errors import ClipError


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Text:  BIN BLUE AT F TWO NOW\nConf:  5\n", "BIN BLUE AT F TWO NOW"),
        (
            "Text:  IT'S {NS} 10 {LG} O'CLOCK\r\nConf:  3\r\n",
            "IT'S 10 O'CLOCK",
        ),  # tags go whole, not their braces alone
        ("\ufeffText:  WITH A MARK\nConf:  1", "WITH A MARK"),
        ("Conf:  4\nText:  SECOND LINE\n", "SECOND LINE"),
        ("Text:  {NS}\nConf:  1\n", ""),
        ("Text  NO COLON Conf: 3\n", "NO COLON"),
        ("PLAIN FIRST LINE\nConf: 3\n", "PLAIN FIRST LINE"),
        ("TEXT MESSAGES ARE WORDS\nConf: 3\n", "TEXT MESSAGES ARE WORDS"),
    ],
)
def test_the_text_of_a_transcript(put, text, words):
    spoken = read_lrs(put("a.txt", text))
    assert (spoken.text, spoken.words) == (words, ())


def test_sections_are_found_by_their_headers(put):
    text = (
        "Text:  A {NS} TEXT\nConf:  4\nRef:  0Fi83BHQsMA\n\n"
        "FRAME \tX \tY \tW \tH \n000000 \t0.410 \t0.200 \t0.140 \t0.248 \n000001 \t0.410 \t0.200 \t0.140 \t0.248 \n\n"
        "WORD START END ASDSCORE\nA 0.11 0.23 8.2\n{NS} 0.23 0.4 0.1\nTEXT 0.4 0.81 5.0\n"
    )
    assert read_lrs(put("a.txt", text)).words == (Word("A", 0.11, 0.23), Word("TEXT", 0.4, 0.81))
    without_faces = "Text:  A\nConf:  4\n\nWORD START END ASDSCORE\nA 0.11 0.23 8.2\n"
    assert read_lrs(put("b.txt", without_faces)).words == (Word("A", 0.11, 0.23),)
    without_words = text.partition("WORD")[0]
    assert read_lrs(put("c.txt", without_words)).words == ()
    assert read_lrs(put("c.txt", without_words)).text == "A TEXT"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no 'Text:' line"),
        (b"Conf:  3\n", "has no 'Text:' line"),
        (b"Text:  A\n\nWORD START END ASDSCORE\nA zero 0.2 1\n", r"a\.txt:4: 'A zero 0.2 1' is not 'WORD START END"),
        (b"\xff\xfe\x00T", "is not UTF-8"),
    ],
)
def test_malformed_transcripts_say_so(put, content, message):
    with pytest.raises(ClipError, match=message):
        read_lrs(put("a.txt", content))


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(ClipError, match=r"a\.txt: no such file"):
        read_lines(tmp_path / "a.txt")


def test_list_entries_end_at_the_first_blank(put):
    path = put("test.txt", "\ufeff6330311066473698535/00011 NF\n\n6330311066473698535/00018  MV\r\n")
    assert read_list(path) == ["6330311066473698535/00011", "6330311066473698535/00018"]


def test_align_files_leave_silence_out(put):
    path = put("a.align", "0 12250 sil\n12250 19250 set\n19250 20000 sp\n20000 25000 blue\n25000 74500 SIL\n")
    assert read_align(path) == (Word("set", 0.49, 0.77), Word("blue", 0.8, 1.0))
    with pytest.raises(ClipError, match=r"b\.align:1"):
        read_align(put("b.align", "0 sil\n"))


def test_tables_and_plain_text(put):
    table = put("t.txt", "a/1 HELLO  {LG} THERE\nb\tTWO WORDS\nc\n")
    assert read_table(table) == {"a/1": "HELLO THERE", "b": "TWO WORDS", "c": ""}
    with pytest.raises(ClipError, match=r":2: 'a' has two transcripts"):
        read_table(put("u.txt", "a X\na Y\n"))
    assert read_text(put("v.txt", "two\nlines\n")).text == "two lines"
    assert read_text(put("w.txt", "Text:  LRS FORM\nConf: 1\n")).text == "LRS FORM"
    assert clean(" {a} b  {c}d ") == "b d"
