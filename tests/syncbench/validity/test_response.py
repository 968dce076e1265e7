"""A response is held against the promise, said in one line, and read back as it was."""

from __future__ import annotations

from dataclasses import replace

from syncbench.validity.response import from_json, line, to_json, verdict

from .conftest import response


def test_verdicts_follow_the_promise() -> None:
    assert verdict(response("psnr", "blur", [40, 30, 20], -1.0, 1)) == "holds"
    assert verdict(response("psnr", "blur", [40, 30, 35], -0.33, 1)) == "fails"
    assert verdict(response("psnr", "blur", [20, 30, 40], 1.0, 1)) == "fails"
    assert verdict(response("lmd", "mouth_freeze", [1, 2, 3], 1.0, 1)) == "holds"
    assert verdict(response("lse_c", "colour_cast", [5, 5, 5], 0.2, None)) == "holds"
    assert verdict(response("lse_c", "colour_cast", [5, 4, 3], -1, 1)) == "fails"
    assert verdict(response("lse_c", "blur", [5, 4, 3], -1, 1)) == "", "nothing was promised"


def test_a_response_is_said_in_one_line() -> None:
    said = line(replace(response("psnr", "blur", [40, 30, 20], -1.0, 1), low=-1.0, high=-0.9))
    assert " ".join(said.split()) == (
        "blur must fall holds tau -1.00 [-1.00, -0.90], told from 1 px, 40 to 20, 5 clips"
    )
    assert "never told apart" in line(response("lse_c", "colour_cast", [5, 5], 0.0, None))


def test_responses_are_read_back_as_they_were() -> None:
    kept = [response("psnr", "blur", [40, 30], -1.0, 1), response("lse_c", "blur", [5], 0.0, None)]
    assert from_json(to_json(kept)) == kept
