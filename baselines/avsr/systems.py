"""The recognisers as systems under test: ``avsr-audio``, ``avsr-video``, ``avsr-av``, ``vcafe``, ``av-relscore``.

Options: ``weights=FILE`` (else the bundled ones), ``beam=10`` hypotheses, ``ctc=0.3`` weight of the CTC prefix scores,
``decode=beam|greedy`` (greedy CTC), ``lm=FILE`` (transcripts, one a line: a character 6-gram of them) with
``lm-weight=0.3``, ``bonus=0.5`` for each character.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from syncbench.contracts import Answer, Clip, Setup, System, Task
from syncbench.corruptions.conditions import landmarks_of
from syncbench.errors import ClipError, CommandError, Unavailable, unknown_name
from syncbench.features.core import file_hash

if TYPE_CHECKING:
    from .decoding import Beam, LanguageModel
    from .network import Architecture, Recogniser

__all__ = ["AvsrSystem", "audio", "audio_visual", "load", "relscore", "vcafe", "video"]

SHORTEST = 5
"""Frames a clip must have to be recognised: the video front end looks at five."""

_DECODERS = ("beam", "greedy")
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "av": ("avsr-audio", "avsr-video"),
    "vcafe": ("avsr-audio", "avsr-video", "avsr-av"),
    "relscore": ("avsr-audio", "avsr-video", "avsr-av"),
}
"""What fusion is held against: each stream alone, and for the later models plain fusion."""


@dataclass(frozen=True)
class AvsrSystem:
    """Recognises speech, lips or both with one network; traces hold the reliability scores where it has them."""

    name: str
    network: Recogniser
    beam: Beam | None
    language: LanguageModel | None
    device: str
    settings: Mapping[str, str]
    traces: frozenset[str] = frozenset()
    beside: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    task: Task = "avsr"

    def answer(self, clip: Clip) -> Answer:
        import torch

        from .decoder import decode_text
        from .decoding import beam_search, greedy_ctc
        from .inputs import mouth_crops, normalise_mouths, normalise_speech
        from .training import batch_tensors

        frames = clip.frames()
        if len(frames) < SHORTEST:
            raise ClipError(f"clip of {len(frames)} frames: at least {SHORTEST} are needed to recognise anything")
        preset = self.network.preset
        mouths: list[NDArray[np.float32]] | None = None
        speech: list[NDArray[np.float32]] | None = None
        if self.network.visual is not None:
            crops = mouth_crops(frames, landmarks_of(clip, frames), preset.stored, preset.field)
            mouths = [normalise_mouths(crops, preset.crop)]
        if self.network.audio is not None:
            speech = [normalise_speech(clip.speech(len(frames)), len(frames))]
        seen, heard, lengths = batch_tensors(mouths, speech)
        with torch.inference_mode():
            moved = (t.to(self.device) if t is not None else None for t in (seen, heard))
            lengths = lengths.to(self.device)
            memory, traces = self.network(*moved, lengths)
            if self.beam is None:
                found = greedy_ctc(self.network.ctc(memory), lengths)
            else:
                found = beam_search(self.network, memory, lengths, self.beam, self.language)
        kept = {name: trace[0].float().cpu().numpy() for name, trace in traces.items()}
        return Answer(text=decode_text(found[0]), traces=kept)


def load(file: Path, device: str = "cpu") -> Recogniser:
    """Return the recogniser that ``save_network`` wrote, ready to answer. Raises Unavailable where it is not there."""
    import torch
    from safetensors import safe_open

    from .network import ARCHITECTURES, build
    from .presets import Preset

    if not file.is_file():
        raise Unavailable(
            f"no weights at {file}: train them with `syncbench train avsr`, or give --option weights=FILE"
        )
    with safe_open(file, "pt") as kept:
        header = json.loads((kept.metadata() or {}).get("recogniser", "{}"))
        if header.get("architecture") not in ARCHITECTURES:
            raise CommandError(f"{file} holds no recogniser of `syncbench train avsr`")
        tensors = {name: kept.get_tensor(name) for name in kept.offset_keys()}
    architecture: Architecture = next(a for a in ARCHITECTURES if a == header["architecture"])
    network = build(architecture, Preset(**header["preset"]))
    network.load_state_dict({k: v.to(torch.float32) if v.is_floating_point() else v for k, v in tensors.items()})
    return network.eval().to(device)


def _number(options: Mapping[str, str], key: str, default: float) -> float:
    text = options.get(key, str(default))
    try:
        return float(text)
    except ValueError as error:
        raise CommandError(f"--option {key}={text} is not a number") from error


def _make(name: str, architecture: Literal["audio", "video", "av", "vcafe", "relscore"], setup: Setup) -> System:
    from .decoding import Beam

    options = setup.options
    known = ("weights", "beam", "ctc", "decode", "lm", "lm-weight", "bonus")
    if stray := next((key for key in options if key not in known), None):
        raise unknown_name(f"option of {name}", stray, known)
    file = Path(options["weights"]) if "weights" in options else Path(__file__).with_name(f"{architecture}.safetensors")
    network = load(file, setup.device)
    if network.architecture != architecture:
        raise CommandError(f"{file} holds weights of '{network.architecture}', not of '{architecture}'")
    decode = options.get("decode", "beam")
    if decode not in _DECODERS:
        raise unknown_name("decoding", decode, _DECODERS)
    beam = language = None
    streams = {"audio": "audio", "video": "video"}.get(architecture, "audio+video")
    settings = {"weights": file_hash(file)[:8], "streams": streams, "decode": decode}
    if decode == "beam":
        width = _number(options, "beam", 10)
        if width < 1 or width != int(width):
            raise CommandError(f"--option beam={options['beam']} must be a whole number from 1")
        beam = Beam(int(width), _number(options, "ctc", 0.3), bonus=_number(options, "bonus", 0.5))
        settings |= {"beam": str(beam.width), "ctc": f"{beam.ctc:g}", "bonus": f"{beam.bonus:g}"}
        if "lm" in options:
            from .language import CharacterNgram

            language = CharacterNgram.of_file(Path(options["lm"]))
            beam = Beam(beam.width, beam.ctc, _number(options, "lm-weight", 0.3), beam.bonus)
            settings |= {"lm": file_hash(Path(options["lm"]))[:8], "lm-weight": f"{beam.language:g}"}
    left = {"reliability_video", "reliability_audio"} if architecture == "relscore" else set[str]()
    decoding = {key: value for key, value in options.items() if key != "weights"}  # all decode alike
    beside = dict.fromkeys(_BESIDE.get(architecture, ()), decoding)
    return AvsrSystem(name, network, beam, language, setup.device, settings, frozenset(left), beside)


def audio(setup: Setup) -> System:
    """Make ``avsr-audio``: a Conformer that listens."""
    return _make("avsr-audio", "audio", setup)


def video(setup: Setup) -> System:
    """Make ``avsr-video``: a Conformer that reads lips."""
    return _make("avsr-video", "video", setup)


def audio_visual(setup: Setup) -> System:
    """Make ``avsr-av``: a Conformer for each stream, joined frame by frame."""
    return _make("avsr-av", "av", setup)


def vcafe(setup: Setup) -> System:
    """Make ``vcafe``: video tells which audio to trust (V-CAFE)."""
    return _make("vcafe", "vcafe", setup)


def relscore(setup: Setup) -> System:
    """Make ``av-relscore``: both streams weighted by their own reliability (AV-RelScore)."""
    return _make("av-relscore", "relscore", setup)
