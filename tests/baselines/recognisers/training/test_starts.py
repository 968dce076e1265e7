"""What recognisers begin with: other networks' weights."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file

from syncbench.baselines.evaluators.lipreader.reader import WEIGHTS as LIPREADER
from syncbench.baselines.recognisers import systems
from syncbench.baselines.recognisers.network import build
from syncbench.baselines.recognisers.training.recipe import save_network
from syncbench.baselines.recognisers.training.starts import start_fusions, start_video

from ..tiny import COMPACT, TINY


def test_the_video_recogniser_starts_from_lip_reader_and_audio(tmp_path: Path) -> None:
    torch.manual_seed(0)
    heard, network = build("audio", COMPACT), build("video", COMPACT)
    save_network(heard, tmp_path / "audio.safetensors")
    start_video(network, tmp_path / "audio.safetensors")
    assert network.visual is not None
    kept = load_file(LIPREADER)["trunk.layers.0.0.weight"].float()
    assert torch.equal(network.visual.get_parameter("trunk.layers.0.0.weight"), kept)
    for mine, other in ((network.decoder, heard.decoder), (network.fusion, heard.fusion), (network.ctc, heard.ctc)):
        for a, b in zip(mine.parameters(), other.parameters(), strict=True):
            assert torch.equal(a, b.half().float())


def test_fusions_start_from_the_recognisers_of_one_stream(tmp_path: Path) -> None:
    torch.manual_seed(0)
    files = {stream: tmp_path / f"{stream}.safetensors" for stream in ("audio", "video")}
    for stream, file in files.items():
        save_network(build(stream, TINY), file)
    heard, seen = (
        systems.load_recogniser(files["audio"]).state_dict(),
        systems.load_recogniser(files["video"]).state_dict(),
    )
    started = {name: n.state_dict() for name, n in start_fusions(TINY, *files.values()).items()}
    some = "blocks.0.first.w1.weight"
    for name, key, source in (
        ("av", f"fusion.audio.{some}", heard),
        ("av", f"fusion.visual.{some}", seen),
        ("vcafe", f"fusion.encoder.{some}", heard),
        ("relscore", f"fusion.encoder.{some}", seen),
        ("relscore", "ctc.weight", seen),
        ("vcafe", "ctc.weight", heard),
    ):
        known = source[key.replace("fusion.audio", "fusion.encoder").replace("fusion.visual", "fusion.encoder")]
        assert torch.equal(started[name][key], known), (name, key)
    for name in ("av", "vcafe", "relscore"):
        for key in (k for k in started[name] if k.startswith(("audio.", "visual."))):
            assert torch.equal(started[name][key], (heard | seen)[key]), (name, key)
