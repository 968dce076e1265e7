"""What the bundled audio recogniser makes of voices that are not talker s1's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from syncbench.baselines.recognisers import systems
from syncbench.baselines.recognisers.batch import batch_tensors
from syncbench.baselines.recognisers.decoder import decode_text
from syncbench.baselines.recognisers.decoding import Beam, beam_search
from syncbench.baselines.recognisers.inputs import normalise_speech
from syncbench.baselines.recognisers.training.voice import Voice, spoken
from syncbench.clip import Clip
from syncbench.media import clip_speech
from syncbench.statistics.words import align_words


@pytest.mark.parametrize("voice", [Voice(1.7, 1.15), Voice(0.85, 0.9)], ids=["a higher voice", "a deeper voice"])
def test_a_talker_is_understood_in_another_voice(grid_clips: list[Clip], voice: Voice) -> None:
    network = systems.load_recogniser(Path(systems.__file__).with_name("audio.safetensors"))
    errors = words = 0
    for clip in grid_clips:
        speech = clip_speech(clip, 75)
        given = [normalise_speech(spoken(speech, len(speech), voice), 75)]
        mouths, waves, lengths = batch_tensors(None, given)
        with torch.inference_mode():
            memory, _ = network(mouths, waves, lengths)
            found = beam_search(network, memory, lengths, Beam(4, 0.3, 0.0, 0.5), None)
        said = (clip.transcript or "").split()
        errors += sum(letter != "C" for letter in align_words(said, decode_text(found[0]).split()))
        words += len(said)
    assert errors / words < 0.15
