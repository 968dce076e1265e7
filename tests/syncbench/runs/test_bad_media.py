"""Bad files cost their own row and a reason; the rest is scored, and N says so."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from syncbench import media
from syncbench.clip import SAMPLES_PER_FRAME, Waveform

from .conftest import Command


def hum(count: int = 30) -> Waveform:
    samples = np.arange(count * SAMPLES_PER_FRAME)
    return (0.2 * np.sin(samples * 0.05) * (1 + np.sin(samples * 0.002)) / 2).astype(np.float32)


@pytest.fixture
def videos(lrs2_grid: Path, tmp_path: Path) -> Path:
    talk = min(lrs2_grid.rglob("*.mp4"))
    frames, speech = media.read_frames(talk), media.read_speech(talk)
    root = tmp_path / "videos"
    root.mkdir()
    for name in ("a", "b"):
        media.write_video(root / f"{name}.mp4", frames, speech)
    whole = (root / "a.mp4").read_bytes()
    (root / "empty.mp4").write_bytes(b"")
    (root / "text.mp4").write_text("this is no video\n" * 40)
    (root / "torn.mp4").write_bytes(whole[: len(whole) // 2])
    media.write_video(root / "silent.mp4", frames, np.zeros_like(speech))
    media.write_video(root / "one.mp4", frames[:1], speech[:SAMPLES_PER_FRAME])
    media.write_video(root / "mute.mp4", frames)
    with av.open(str(root / "speech_only.mp4"), "w") as file:
        stream = file.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(hum()[None], "fltp", "mono")
        frame.sample_rate = 16_000
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return root


def test_bad_files_cost_their_own_row(command: Command, videos: Path, tmp_path: Path) -> None:
    done = command(
        "run", "--model", "reference", "--dataset", "folder", "--root", str(videos), "--out", "run",
        "--metrics", "image_quality,lse", "--workers", "1", "--fail-on", "1.0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "run" / "summary.json").read_text())
    scores = {score["name"]: score for score in record["scores"]}
    assert record["listed"] == 9
    reasons: dict[str, str] = {}
    for failure in record["failures"]:
        reasons.setdefault(failure["clip"], failure["reason"])
    assert scores["psnr"]["n"] + scores["psnr"]["failed"] == 9
    assert scores["lse_c"]["n"] == 2
    assert "silent" in reasons["silent"]
    for name in ("empty", "text", "torn", "speech_only"):
        assert f"{name}.mp4" in reasons[name], "the file is named"
    assert "one" in reasons, "one frame is too few for LSE"
    assert "mute" in reasons, "LSE needs speech"
    for clip, reason in reasons.items():
        assert "\n" not in reason, clip
        assert 20 < len(reason) < 300, (clip, reason)
        assert "Error" not in reason.split(":")[0], f"an exception's name is not an explanation: {reason}"
    assert not {"a", "b"} & set(reasons)
