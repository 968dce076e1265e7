"""``--model whisper:DIR``: a Whisper checkpoint in Hugging Face's folder layout, as an audio-only recogniser.

Needs the extra ``whisper`` (transformers). Nothing is downloaded: ``DIR`` holds ``config.json``, weights and tokenizer.
Options: ``language=en`` (empty lets the model find out), ``beams=1``. Whisper writes case and punctuation: the
normaliser of the score decides how much of that counts, and is in its signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncbench.contracts import SAMPLE_RATE, Answer, Clip, Setup, System, Task
from syncbench.errors import ClipError, CommandError, Unavailable, unknown_name
from syncbench.features.core import file_hash

__all__ = ["Whisper", "whisper"]

LONGEST = 30.0
"""Seconds that Whisper hears at once; longer clips would be cut without a word, so they fail."""


@dataclass(frozen=True)
class Whisper:
    """Transcribes a clip's speech; the video is not looked at."""

    network: Any
    processor: Any
    generation: Mapping[str, Any]
    device: str
    settings: Mapping[str, str]
    name: str = "whisper"
    task: Task = "avsr"

    def answer(self, clip: Clip) -> Answer:
        import torch

        speech = clip.speech()
        seconds = len(speech) / SAMPLE_RATE
        if seconds > LONGEST:
            raise ClipError(f"clip of {seconds:.1f} s: Whisper hears {LONGEST:.0f} s at once; cut it")
        inputs = self.processor(speech, sampling_rate=SAMPLE_RATE, return_tensors="pt", return_attention_mask=True)
        with torch.inference_mode():
            tokens = self.network.generate(
                inputs.input_features.to(self.device),
                attention_mask=inputs.attention_mask.to(self.device),
                do_sample=False,
                **self.generation,
            )
        text = self.processor.batch_decode(tokens, skip_special_tokens=True)[0]
        return Answer(text=" ".join(text.split()))


def whisper(setup: Setup) -> System:
    """Make the system of ``--model whisper:DIR``."""
    folder = Path(setup.argument)
    if not setup.argument or not (folder / "config.json").is_file():
        raise CommandError(
            "--model whisper:DIR needs a folder with config.json, weights and tokenizer of a Whisper model"
        )
    known = ("language", "beams")
    if stray := next((key for key in setup.options if key not in known), None):
        raise unknown_name("option of whisper", stray, known)
    try:
        from transformers import WhisperForConditionalGeneration, WhisperProcessor  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise Unavailable("whisper needs transformers: pip install 'syncbench[whisper]'") from error
    beams = setup.options.get("beams", "1")
    if not beams.isdigit() or int(beams) < 1:
        raise CommandError(f"--option beams={beams} must be a whole number from 1")
    language = setup.options.get("language", "en")
    try:
        network: Any = WhisperForConditionalGeneration.from_pretrained(folder, local_files_only=True)
        processor = WhisperProcessor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise CommandError(f"{folder} is no Whisper model: {str(error).splitlines()[0]}") from error
    generation: dict[str, Any] = {"num_beams": int(beams)}
    if network.generation_config.is_multilingual is not False:  # English-only checkpoints take neither
        generation |= {"task": "transcribe", **({"language": language} if language else {})}
    weights = sorted((*folder.glob("*.safetensors"), *folder.glob("*.bin")))
    settings = {
        "weights": "+".join(file_hash(file)[:8] for file in weights),
        "language": language or "auto",
        "beams": beams,
    }
    return Whisper(network.eval().to(setup.device), processor, generation, setup.device, settings)
