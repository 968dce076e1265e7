"""Texts made elsewhere: every format is read, and every bad one is one clear line."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

from syncbench.baselines.precomputed.texts import Hypotheses, TextOptions, read_hypotheses
from syncbench.clip import PARTS, Clip
from syncbench.errors import ClipError, CommandError
from syncbench.feature import Features
from syncbench.files import file_hash
from syncbench.system import Given, Setup

CLIPS = (
    Clip("s1/bbaf2n", transcript="BIN BLUE AT F TWO NOW"),
    Clip("s1/lwik9s", transcript="LAY WHITE IN K NINE SOON"),
    Clip("s2/bbaf2n", transcript="BIN BLUE AT F TWO NOW"),
)
TEXTS = ["bin blue at f two now", "lay white in k", "bin blue at s two now"]

FORMATS = {
    "hyp.trn": f"{TEXTS[0]} (s1_bbaf2n)\n{TEXTS[1]} (s1_lwik9s)\n\n{TEXTS[2]} (s2_bbaf2n)\n",
    "alternatives.trn": "bin { blue / blew / @ } at f two now (s1_bbaf2n)\n"
    f"{TEXTS[1]} {{ @ / nine }} (s1_lwik9s)\n{TEXTS[2]} (s2_bbaf2n)\n",
    "text": f"\ufeffs1/bbaf2n {TEXTS[0]}\r\ns1/lwik9s  {TEXTS[1]} \r\ns2/bbaf2n {TEXTS[2]}",
    "tabs.txt": "\n".join(f"main/{c.id}.mp4\t{t}" for c, t in zip(CLIPS, TEXTS, strict=True)),
    "hypo-42.json": json.dumps({"utt_id": [f"test/{c.id}" for c in CLIPS], "ref": [""] * 3, "hypo": TEXTS}),
    "wer.json": json.dumps({"pred": TEXTS, "refs": [c.transcript.lower() for c in CLIPS if c.transcript]}),
    "pred.txt": "\n".join(f"HYPO:{t}\nREF: {c.transcript}" for c, t in zip(CLIPS, TEXTS, strict=True)),
    "out.jsonl": "\n".join(json.dumps({"id": c.id, "text": t}) for c, t in zip(CLIPS, TEXTS, strict=True)),
    "key.jsonl": "\n".join(json.dumps({"key": c.id, "pred": t}) for c, t in zip(CLIPS, TEXTS, strict=True)),
    "list.json": json.dumps([{"utt_id": c.id, "hypo": t} for c, t in zip(CLIPS, TEXTS, strict=True)]),
    "map.json": json.dumps({c.id: t for c, t in zip(CLIPS, TEXTS, strict=True)}),
}


def system(file: Path, **options: str) -> Hypotheses:
    return Hypotheses(Setup(TextOptions.model_validate(options), str(file), split=CLIPS), "hypotheses")


def text(recogniser: Hypotheses, clip: Clip) -> str:
    return recogniser.answer(Given(Features(clip), PARTS, recogniser.name)).text


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_answers(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(FORMATS[name].encode())
    recogniser = system(file)
    assert [text(recogniser, clip) for clip in CLIPS] == TEXTS
    assert recogniser.task == "avsr"
    assert recogniser.settings == {"file": name, "sha256": file_hash(file)[:8]}
    assert all(recogniser.source(clip) == file for clip in CLIPS), "a run asks for the hash of the file it answers from"


def test_what_the_recogniser_was_given_stands_in_its_settings(tmp_path: Path) -> None:
    file = tmp_path / "hyp.trn"
    file.write_text(FORMATS["hyp.trn"])
    assert system(file, streams="audio+video").settings["streams"] == "audio+video"


def test_an_empty_text_is_an_answer_and_a_missing_one_is_not(tmp_path: Path) -> None:
    file = tmp_path / "hyp.txt"
    file.write_text("s1/bbaf2n\ns2/bbaf2n bin\n")
    recogniser = system(file)
    assert text(recogniser, CLIPS[0]) == ""
    with pytest.raises(ClipError, match=r"no hypothesis for clip 's1/lwik9s'.*recognise it too"):
        text(recogniser, CLIPS[1])


def test_unknown_ids_are_one_warning_and_no_known_id_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "hyp.txt"
    file.write_text("s1/bbaf2n bin\ns9/other word\ns9/second word\n")
    with pytest.warns(UserWarning, match=r"2 hypotheses are of no clip .* such as 's9/other'"):
        system(file)
    file.write_text("s9/other word\n")
    with pytest.raises(CommandError, match="none of its ids, such as 's9/other'"):
        system(file)


def test_duplicates_fail_their_clip_unless_they_agree(tmp_path: Path) -> None:
    file = tmp_path / "hyp.txt"
    file.write_text("s1/bbaf2n bin\ns1_bbaf2n lay\ns1/lwik9s lay\ns1/lwik9s lay\n")
    recogniser = system(file)
    with pytest.raises(ClipError, match="2 different hypotheses for clip 's1/bbaf2n'"):
        text(recogniser, CLIPS[0])
    assert text(recogniser, CLIPS[1]) == "lay"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ('{"hypo": ["a"], "utt_id": ["x", "y"], "ref": ["z"]}', "lists of 2 ids, 1 references and 1 texts"),
        ('{"what": [1]}', "neither a list"),
        ('{"id": "x", "text": "y"}\n{"id": 3}', "line 2: needs an id"),
        ('{"id": "x", "text": "y"}\n{oops', "line 2: is not JSON"),
        ("words here (s1_a)\nwords without id\n", "line 2: no id in brackets"),
        ("HYPO: a\nHYPO: b\n", "line 2: lines HYPO: and REF: must take turns"),
        ("HYPO: a\nREF: b\nHYPO: c\n", "the last HYPO: line has no partner"),
        ("HYPO: a\nREF: no such transcript\n", "no reference in it is the transcript"),
        ('{"pred": ["a"]}', "text 1 has neither id nor reference"),
    ],
)
def test_bad_files_are_one_clear_line(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "bad"
    file.write_text(content)
    with pytest.raises(CommandError, match=words) as error:
        system(file)
    assert "\n" not in str(error.value)


def test_unreadable_files_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        read_hypotheses(tmp_path / "absent")
    with pytest.raises(CommandError, match="cannot be read"):
        read_hypotheses(tmp_path)
    (tmp_path / "latin").write_bytes("caf\u00e9 x".encode("latin-1"))
    with pytest.raises(CommandError, match="not UTF-8"):
        read_hypotheses(tmp_path / "latin")
    with pytest.raises(CommandError, match="needs a file"):
        Hypotheses(Setup(TextOptions()))


def test_good_files_warn_of_nothing(tmp_path: Path) -> None:
    file = tmp_path / "hyp.trn"
    file.write_text(FORMATS["hyp.trn"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        system(file)
