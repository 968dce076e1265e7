"""CALS-style (reconstruction): the network, its masks and its sliding context."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syncbench.baselines.faces.cals.config import Config
from syncbench.baselines.faces.cals.network import AudioToLip, Generator, mask_mel, positions
from syncbench.baselines.faces.cals.training.presets import PRESETS
from syncbench.baselines.faces.mel import mel_chunks
from syncbench.baselines.faces.networks import SMALL_FACE
from syncbench.clip import Clip
from syncbench.errors import CommandError

from ..asking import answer, system

TINY = Config(face=SMALL_FACE, layers=2, heads=2, feed_forward=32)


def test_paper_preset_is_the_documented_reconstruction() -> None:
    config = PRESETS["paper"].config
    assert (config.layers, config.heads, config.feed_forward, config.context) == (4, 8, 2048, 13)
    with torch.device("meta"):
        generator = Generator(config)
    transformer = sum(p.numel() for layer in generator.a2l.layers for p in layer.parameters())
    assert transformer == 4 * (4 * 512 * 512 + 4 * 512 + 2 * 512 * 2048 + 2048 + 512 + 4 * 512)
    minimal = PRESETS["minimal"].config
    assert (minimal.layers, minimal.heads, minimal.feed_forward, minimal.norm_first) == (1, 1, 1024, False)


def test_masked_mel_hides_the_frame_in_every_chunk() -> None:
    """Whatever is said under a masked span changes no visible chunk."""
    rng = np.random.default_rng(0)
    mel = rng.standard_normal((80, 64)).astype(np.float32)
    masked = np.zeros((1, 20), dtype=bool)
    masked[0, 8:13] = True
    changed = mel.copy()
    changed[:, 26:41] += 1.0  # steps of frames 8..12 are 25.6 to 41.6
    one, other = (mask_mel(torch.from_numpy(mel_chunks(m, 20))[None], torch.from_numpy(masked)) for m in (mel, changed))
    torch.testing.assert_close(one, other)
    untouched = mask_mel(torch.from_numpy(mel_chunks(mel, 20))[None], torch.zeros(1, 20, dtype=torch.bool))
    torch.testing.assert_close(untouched[0], torch.from_numpy(mel_chunks(mel, 20)))


def test_positions_are_sines_and_cosines() -> None:
    table = positions(3, 4)
    torch.testing.assert_close(table[2], torch.tensor([np.sin(2.0), np.cos(2.0), np.sin(0.02), np.cos(0.02)]).float())


def test_sliding_windows_see_exactly_their_context() -> None:
    torch.manual_seed(0)
    a2l = AudioToLip(TINY).eval()
    chunks = torch.randn(30, 80, 16)
    changed = chunks.clone()
    changed[20] += 1.0
    with torch.inference_mode():
        before, attention = a2l.slide(chunks, 3)
        after, _ = a2l.slide(changed, 3)
    assert before.shape == (24, 128)
    assert attention.shape == (24, 7)
    torch.testing.assert_close(attention.sum(dim=1), torch.ones(24))
    moved = (before - after).abs().amax(dim=1) > 1e-6
    # chunk 20 lies in the windows of output frames 14..20: those that begin at 14..20
    assert moved.nonzero().flatten().tolist() == list(range(14, 21))


def test_a_window_of_the_whole_clip_sees_everything() -> None:
    torch.manual_seed(0)
    a2l = AudioToLip(TINY).eval()
    chunks = torch.randn(12, 80, 16)
    changed = chunks.clone()
    changed[-1] += 1.0
    with torch.inference_mode():
        (before, attention), (after, _) = a2l.slide(chunks, None), a2l.slide(changed, None)
    assert attention.shape == (12, 12)
    assert ((before - after).abs().amax(dim=1) > 1e-7).all()


def test_context_is_an_option_of_the_shipped_model(short_clip: Clip) -> None:
    near, wide = (answer(system("cals", context=said), short_clip) for said in ("0", "clip"))
    assert near.traces["attention"].shape == (25, 1)
    assert wide.traces["attention"].shape == (25, 25)
    assert not np.array_equal(near.traces["units"], wide.traces["units"])
    assert system("cals").settings["context"] == "13"
    with pytest.raises(CommandError, match=r"--option context=-1 .*a number of frames on either side, or clip"):
        system("cals", context="-1")
