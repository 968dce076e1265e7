"""What may be compared, and what is said when it may not."""

from __future__ import annotations

from pathlib import Path

import syncbench
from syncbench.signature import comparable, difference, parse, signature


def test_parts_keep_their_order_and_empty_ones_are_left_out() -> None:
    text = signature("lse_c", {"evaluator": "expert@1", "condition": "", "n": "60"})
    assert text == "lse_c|evaluator=expert@1|n=60"
    assert parse(text) == ("lse_c", {"evaluator": "expert@1", "n": "60"})


def test_separators_inside_values_cannot_forge_parts() -> None:
    _, parts = parse(signature("wer", {"normaliser": "raw|n=9", "n": "1"}))
    assert parts == {"normaliser": "raw/n:9", "n": "1"}


def test_counts_and_releases_do_not_matter_everything_else_does() -> None:
    a = "lse_c|evaluator=expert@1|protocol=native.1|n=60|v=0.1.0"
    assert comparable(a, "lse_c|evaluator=expert@1|protocol=native.1|n=59|v=0.2.0")
    b = "lse_c|evaluator=syncnet_v2@961e8696|protocol=native.1|n=60|v=0.1.0"
    assert difference(a, b) == ["evaluator: expert@1 / syncnet_v2@961e8696"]
    assert difference(a, "lse_d|evaluator=expert@1|n=1") == ["score: lse_c / lse_d", "protocol: native.1 / none"]
    assert not comparable(a, b)


def test_a_runs_scores_say_what_they_are_of(tmp_path: Path) -> None:
    run = syncbench.run("frozen", "synthetic", out=tmp_path / "run", metrics=["image_quality"], limit=1)
    name, parts = parse(run.score("psnr").signature)
    assert name == "psnr"
    version = parts.pop("v")
    assert version == syncbench.__version__
    dataset = parts.pop("dataset")
    assert dataset.startswith("synthetic/test@")
    assert parts == {
        "colour": "rgb", "region": "frame", "ssim": "gauss11-1.5", "psnr_cap": "100",
        "pairing": "self", "min_coverage": "0.9", "fps": "25", "n": "1",
    }  # fmt: skip
