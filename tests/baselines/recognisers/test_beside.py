"""One command gives the table of audio, video, both, and AV-RelScore under a grid of corruptions."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from syncbench import cli


def test_av_relscore_is_shown_beside_each_stream_and_plain_fusion(
    lrs2_grid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    command = [
        "syncbench", "run", "--model", "av-relscore", "--dataset", "lrs2", "--root", str(lrs2_grid),
        "--audio", "clean,white@0", "--visual", "clean,occlusion", "--limit", "2", "--workers", "1",
        "--option", "decode=greedy", "--metrics", "word_error,reliability", "--out", str(tmp_path / "run"),
    ]  # fmt: skip
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    printed = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in printed if line.startswith("│")) <= 100
    grid = printed[next(i for i, line in enumerate(printed) if line.startswith("WER under corruption")) :]
    heads = [cell.split()[0] for cell in grid[2].split("│")[2:-1]]
    assert heads == ["avsr-audio", "avsr-video", "avsr-av", "av-relscore"]
    conditions = [line.split("│")[1].strip() for line in grid[: grid.index("")] if line.startswith("│")]
    assert [c for c in conditions if c] == ["condition", "clean", "occlusion", "white@0", "white@0 + occlusion"]
    gains = printed[next(i for i, line in enumerate(printed) if line.startswith("What fusion gains")) :]
    assert any("av-relscore vs avsr-av" in line for line in gains)
    for name in ("avsr-audio", "avsr-video", "avsr-av"):
        record = json.loads((tmp_path / "run/beside" / name / "manifest.json").read_text())
        assert record["settings"]["decode"] == "greedy", "all decode alike"
        assert record["clips"] == json.loads((tmp_path / "run/manifest.json").read_text())["clips"]
        assert "leaves no reliability_audio" in record["unavailable"]["reliability"]
        summary = json.loads((tmp_path / "run/beside" / name / "summary.json").read_text())
        assert summary["failures"] == []
