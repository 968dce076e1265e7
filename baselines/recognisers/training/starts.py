"""What recognisers begin with: other networks' weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from syncbench.baselines.checkpoint import load_tensors
from syncbench.baselines.evaluators.lipreader.reader import WEIGHTS as LIPREADER
from syncbench.baselines.recognisers.network import ARCHITECTURES, Recogniser, build
from syncbench.baselines.recognisers.presets import Preset
from syncbench.errors import CommandError

__all__ = ["start_fusions", "start_video"]


def _weights(file: Path) -> dict[str, Tensor]:
    if not file.exists():
        raise CommandError(f"{file} is not there: train the stages before this one first")
    return load_tensors(file)


def start_fusions(preset: Preset, audio: Path, video: Path) -> dict[str, Recogniser]:
    """Return all five recognisers, started from a trained audio and a trained video recogniser, front ends frozen.

    Front ends are taken over. The plain model's encoders are those of the two; V-CAFE's encoder, which reads audio frames
    emphasised by video, is the audio one; AV-RelScore's, whose memory stands at the video's positions, the video one. The
    decoder and CTC are those of the audio recogniser, for AV-RelScore of the video one.
    """
    heard, seen = _weights(audio), _weights(video)
    started: dict[str, Recogniser] = {}
    for architecture in ARCHITECTURES:
        network = build(architecture, preset)
        own = network.state_dict()
        given = {"audio": heard, "video": seen}.get(architecture)
        if given is None:
            given = _both(heard, seen, seen if architecture == "relscore" else heard, own)
        network.load_state_dict(own | given)
        for front in (network.visual, network.audio):
            if front is not None:
                front.requires_grad_(False)
        started[architecture] = network
    return started


def _both(
    heard: Mapping[str, Tensor], seen: Mapping[str, Tensor], main: Mapping[str, Tensor], own: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return what an audio-visual recogniser with the tensors ``own`` takes over; decoder and one encoder from ``main``."""
    taken = {k: v for k, v in heard.items() if k.startswith("audio.")}
    taken |= {k: v for k, v in seen.items() if k.startswith("visual.")}
    taken |= {k: v for k, v in main.items() if k.startswith(("decoder.", "ctc."))}
    for source, prefix in ((heard, "fusion.audio."), (seen, "fusion.visual."), (main, "fusion.encoder.")):
        for key, value in source.items():
            target = key.replace("fusion.encoder.", prefix)
            if key.startswith("fusion.encoder.") and target in own:
                taken[target] = value
    return taken


def start_video(network: Recogniser, audio: Path) -> None:
    """Start a compact video recogniser from the bundled lip reader's trunk and, above it, a trained audio recogniser.

    The trunk has learnt to tell words apart; decoder and encoder have learnt to spell.
    """
    trunk = {f"visual.{k}": v for k, v in _weights(LIPREADER).items() if k.startswith("trunk.")}
    above = {k: v for k, v in _weights(audio).items() if not k.startswith("audio.")}
    network.load_state_dict(trunk | above)
