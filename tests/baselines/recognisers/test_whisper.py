"""The Whisper adapter, on a tiny Whisper of random weights in Hugging Face's layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from syncbench.clip import SAMPLE_RATE, Clip, Recording
from syncbench.errors import ClipError, CommandError
from syncbench.media import write_wav

from ..asking import answer, system

transformers = pytest.importorskip("transformers", reason="the whisper extra is not installed")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """Return a folder like that of a published Whisper, with a byte vocabulary and random weights."""
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
        WhisperTokenizer,
    )

    folder = tmp_path_factory.mktemp("whisper")
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    letters = [chr(b) for b in printable] + [chr(256 + i) for i in range(len(others))]
    vocabulary = {letter: i for i, letter in enumerate(letters)} | {"<|endoftext|>": 256}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = WhisperTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer.add_special_tokens(
        {"additional_special_tokens": ["<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"]}
    )
    number = {t: tokenizer.convert_tokens_to_ids(t) for t in ("<|startoftranscript|>", "<|en|>", "<|transcribe|>")}
    silent, end = tokenizer.convert_tokens_to_ids("<|notimestamps|>"), 256
    torch.manual_seed(0)
    network = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=len(tokenizer), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
            decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_target_positions=64,
            pad_token_id=end, bos_token_id=end, eos_token_id=end,
            decoder_start_token_id=number["<|startoftranscript|>"],
        )
    )  # fmt: skip
    network.generation_config = GenerationConfig(
        decoder_start_token_id=number["<|startoftranscript|>"], eos_token_id=end, pad_token_id=end, max_length=24,
        is_multilingual=True, lang_to_id={"<|en|>": number["<|en|>"]}, task_to_id={"transcribe": number["<|transcribe|>"]},
        no_timestamps_token_id=silent, return_timestamps=False,
    )  # fmt: skip
    network.save_pretrained(folder)
    WhisperProcessor(WhisperFeatureExtractor(), tokenizer).save_pretrained(folder)
    return folder


def test_a_checkpoint_folder_answers_clips_repeatably(checkpoint: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = (0.1 * rng.standard_normal(SAMPLE_RATE)).astype(np.float32)
    clip = Clip("a", speech=Recording(write_wav(tmp_path / "speech.wav", noise)))
    asked = system("whisper", str(checkpoint))
    found = answer(asked, clip)
    assert isinstance(found.text, str)
    assert found == answer(system("whisper", str(checkpoint)), clip)
    assert asked.settings["language"] == "en"
    assert len(asked.settings["weights"]) == 8
    long = write_wav(tmp_path / "long.wav", np.zeros(31 * SAMPLE_RATE, np.float32))
    with pytest.raises(ClipError, match=r"31\.0 s: Whisper hears 30 s"):
        answer(asked, Clip("b", speech=Recording(long)))


def test_folders_that_hold_no_whisper_are_one_clear_line(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="needs a folder with config"):
        system("whisper", str(tmp_path))
    with pytest.raises(CommandError, match="did you mean beams"):
        system("whisper", str(checkpoint), beam="3")
    with pytest.raises(CommandError, match="valid integer"):
        system("whisper", str(checkpoint), beams="none")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CommandError, match="is no Whisper model") as error:
        system("whisper", str(tmp_path))
    assert "\n" not in str(error.value)
