"""The recognisers as systems under test: ``avsr-audio``, ``avsr-video``, ``avsr-av``, ``vcafe``, ``av-relscore``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from syncbench import registry
from syncbench.answer import Text
from syncbench.baselines.recognisers.presets import Preset
from syncbench.errors import ClipError, CommandError, Unavailable
from syncbench.features.frames import LENGTH
from syncbench.features.landmarks import best_source
from syncbench.files import file_hash
from syncbench.options import Options
from syncbench.system import Given, Setup, System

if TYPE_CHECKING:
    from syncbench.baselines.recognisers.network import Architecture, Recogniser

__all__ = [
    "AudioRecogniser",
    "AudioVisualRecogniser",
    "RecogniserSystem",
    "RelScore",
    "VCafe",
    "VideoRecogniser",
    "load_recogniser",
]

SHORTEST = 5
"""Frames a clip must have to be recognised: the video front end looks at five."""


class RecogniserOptions(Options):
    weights: Path | None = Field(None, description="a file of `syncbench train avsr`, instead of the bundled one")
    decode: Literal["beam", "greedy"] = Field("beam", description="how texts are searched; greedy: CTC alone")
    beam: int = Field(10, ge=1, description="hypotheses kept")
    ctc: float = Field(0.3, ge=0, le=1, description="weight of the CTC prefix scores")
    bonus: float = Field(0.5, description="added for each character")
    lm: Path | None = Field(None, description="transcripts, one a line: a character 6-gram of them")
    lm_weight: float = Field(0.3, ge=0, description="weight of the language model")


class RecogniserSystem(System[RecogniserOptions]):
    """Recognises speech, lips or both with one network; traces hold the reliability scores where it has them."""

    task = "avsr"
    takes = RecogniserOptions
    architecture: ClassVar[Architecture]
    streams: ClassVar[str] = "audio+video"
    compared: ClassVar[tuple[str, ...]] = ()  # what fusion is held against: each stream alone, and plain fusion

    def __init__(self, setup: Setup[RecogniserOptions], name: str = "") -> None:
        super().__init__(setup, name)
        from syncbench.baselines.recognisers.decoding import Beam
        from syncbench.baselines.recognisers.language import CharacterNgram

        asked = setup.options
        file = asked.weights or Path(__file__).with_name(f"{self.architecture}.safetensors")
        self.network = load_recogniser(file, setup.device)
        if self.network.architecture != self.architecture:
            raise CommandError(f"{file} holds weights of '{self.network.architecture}', not of '{self.architecture}'")
        self.settings = {"weights": file_hash(file)[:8], "streams": self.streams, "decode": asked.decode}
        self.beam: Beam | None = None
        self.language: CharacterNgram | None = None
        if asked.decode == "beam":
            self.beam = Beam(asked.beam, asked.ctc, asked.lm_weight if asked.lm else 0.0, asked.bonus)
            self.settings |= {"beam": str(asked.beam), "ctc": f"{asked.ctc:g}", "bonus": f"{asked.bonus:g}"}
            if asked.lm is not None:
                self.language = CharacterNgram.of_file(asked.lm)
                self.settings |= {"lm": file_hash(asked.lm)[:8], "lm-weight": f"{asked.lm_weight:g}"}
        said = asked.model_dump(exclude={"weights"}, exclude_defaults=True)  # all decode alike
        self.beside = {other: {key: str(value) for key, value in said.items()} for other in self.compared}

    def answer(self, given: Given) -> Text:
        import torch

        from syncbench.baselines.recognisers.batch import batch_tensors
        from syncbench.baselines.recognisers.decoder import decode_text
        from syncbench.baselines.recognisers.decoding import beam_search, greedy_ctc
        from syncbench.baselines.recognisers.inputs import mouth_crops, normalise_mouths, normalise_speech

        frames = int(given[LENGTH])
        if frames < SHORTEST:
            raise ClipError(f"clip of {frames} frames: at least {SHORTEST} are needed to recognise anything")
        preset = self.network.preset
        mouths: list[NDArray[np.float32]] | None = None
        speech: list[NDArray[np.float32]] | None = None
        if self.network.visual is not None:
            landmarks = given[registry.landmarks(best_source(given)).feature]
            crops = mouth_crops(given.footage, landmarks, preset.stored, preset.field)
            mouths = [normalise_mouths(crops, preset.crop)]
        if self.network.audio is not None:
            speech = [normalise_speech(given.speech, frames)]
        seen, heard, lengths = batch_tensors(mouths, speech)
        device = self.setup.device
        with torch.inference_mode():
            moved = (t.to(device) if t is not None else None for t in (seen, heard))
            lengths = lengths.to(device)
            memory, traces = self.network(*moved, lengths)
            if self.beam is None:
                found = greedy_ctc(self.network.ctc(memory), lengths)
            else:
                found = beam_search(self.network, memory, lengths, self.beam, self.language)
        kept = {name: trace[0].float().cpu().numpy() for name, trace in traces.items()}
        return Text(decode_text(found[0]), traces=kept)


class AudioRecogniser(RecogniserSystem):
    """A Conformer that listens."""

    architecture = "audio"
    streams = "audio"
    inputs = frozenset({"speech"})
    traces = frozenset[str]()


class VideoRecogniser(RecogniserSystem):
    """A Conformer that reads lips."""

    architecture = "video"
    streams = "video"
    inputs = frozenset({"video", "landmarks"})
    traces = frozenset[str]()


class AudioVisualRecogniser(RecogniserSystem):
    """A Conformer for each stream, joined frame by frame."""

    architecture = "av"
    compared = ("avsr-audio", "avsr-video")
    traces = frozenset[str]()


class VCafe(RecogniserSystem):
    """Video tells which audio to trust (V-CAFE)."""

    architecture = "vcafe"
    compared = ("avsr-audio", "avsr-video", "avsr-av")
    traces = frozenset({"mask_audio"})


class RelScore(RecogniserSystem):
    """Both streams weighted by their own reliability (AV-RelScore)."""

    architecture = "relscore"
    compared = ("avsr-audio", "avsr-video", "avsr-av")
    traces = frozenset({"reliability_video", "reliability_audio"})


def load_recogniser(file: Path, device: str = "cpu") -> Recogniser:
    """Return the recogniser that ``save_network`` wrote, ready to answer. Raises Unavailable where it is not there."""
    from safetensors import SafetensorError, safe_open

    from syncbench.baselines.checkpoint import load_tensors
    from syncbench.baselines.recognisers.network import ARCHITECTURES, build

    if not file.is_file():
        raise Unavailable(
            f"no weights at {file}: train them with `syncbench train avsr`, or give --option weights=FILE"
        )
    try:
        with safe_open(file, "pt") as kept:
            header = json.loads((kept.metadata() or {}).get("recogniser", "{}"))
    except (OSError, SafetensorError) as error:
        raise CommandError(f"{file} is no readable safetensors file: {error}") from error
    if header.get("architecture") not in ARCHITECTURES:
        raise CommandError(f"{file} holds no recogniser of `syncbench train avsr`")
    network = build(cast("Architecture", header["architecture"]), Preset(**header["preset"]))
    network.load_state_dict(load_tensors(file))
    return network.eval().to(device)
