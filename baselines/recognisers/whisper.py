"""``--model whisper:DIR``: a Whisper checkpoint in Hugging Face's folder layout, as an audio-only recogniser.

Needs the extra ``whisper`` (transformers). Nothing is downloaded: ``DIR`` holds ``config.json``, weights and tokenizer.
Options: ``language=en`` (empty lets the model find out), ``beams=1``. Whisper writes case and punctuation: the
normaliser of the score decides how much of that counts, and is in its signature.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from syncbench.answer import Text
from syncbench.clip import SAMPLE_RATE
from syncbench.errors import ClipError, CommandError, Unavailable
from syncbench.files import file_hash
from syncbench.options import Options
from syncbench.system import Given, Setup, System

__all__ = ["Whisper"]

LONGEST = 30.0
"""Seconds that Whisper hears at once; longer clips would be cut without a word, so they fail."""


class WhisperOptions(Options):
    language: str = Field("en", description="spoken language; empty lets the model find out")
    beams: int = Field(1, ge=1, description="hypotheses kept")


class Whisper(System[WhisperOptions]):
    """Whisper, from a folder of weights that you have: --model whisper:DIR. It hears alone."""

    task = "avsr"
    takes = WhisperOptions
    inputs = frozenset({"speech"})
    traces = frozenset[str]()

    def __init__(self, setup: Setup[WhisperOptions], name: str = "") -> None:
        super().__init__(setup, name)
        folder = Path(setup.argument)
        if not setup.argument or not (folder / "config.json").is_file():
            raise CommandError(
                "--model whisper:DIR needs a folder with config.json, weights and tokenizer of a Whisper model"
            )
        try:
            from transformers import (  # pyright: ignore[reportMissingImports]
                WhisperForConditionalGeneration,
                WhisperProcessor,
            )
        except ImportError as error:
            raise Unavailable("whisper needs transformers: pip install 'syncbench[whisper]'") from error
        try:
            network: Any = WhisperForConditionalGeneration.from_pretrained(folder, local_files_only=True)
            self.processor: Any = WhisperProcessor.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError) as error:
            raise CommandError(f"{folder} is no Whisper model: {str(error).splitlines()[0]}") from error
        language = setup.options.language
        self.generation: dict[str, Any] = {"num_beams": setup.options.beams}
        if network.generation_config.is_multilingual is not False:  # English-only checkpoints take neither
            self.generation |= {"task": "transcribe", **({"language": language} if language else {})}
        weights = sorted((*folder.glob("*.safetensors"), *folder.glob("*.bin")))
        self.settings = {
            "weights": "+".join(file_hash(file)[:8] for file in weights),
            "language": language or "auto",
            "beams": str(setup.options.beams),
        }
        self.network: Any = network.eval().to(setup.device)

    def answer(self, given: Given) -> Text:
        import torch

        seconds = len(given.speech) / SAMPLE_RATE
        if seconds > LONGEST:
            raise ClipError(f"clip of {seconds:.1f} s: Whisper hears {LONGEST:.0f} s at once; cut it")
        inputs = self.processor(
            given.speech, sampling_rate=SAMPLE_RATE, return_tensors="pt", return_attention_mask=True
        )
        with torch.inference_mode():
            tokens = self.network.generate(
                inputs.input_features.to(self.setup.device),
                attention_mask=inputs.attention_mask.to(self.setup.device),
                do_sample=False,
                **self.generation,
            )
        text = self.processor.batch_decode(tokens, skip_special_tokens=True)[0]
        return Text(" ".join(text.split()))
