"""The Conformer's attention and its masks."""

from __future__ import annotations

import torch

from syncbench.baselines.recognisers.conformer import ConformerEncoder, length_mask, relative_positions


def test_relative_attention_knows_distances_not_places() -> None:
    torch.manual_seed(0)
    encoder = ConformerEncoder(4, 16, 2, 32, 5, 1, 0.0).eval()
    layer = encoder.blocks[0].attention
    x = torch.randn(1, 12, 16)
    positions = relative_positions(12, 16, x.device, x.dtype)
    everyone = torch.ones(1, 12, dtype=torch.bool)
    whole = layer(x, positions, everyone)
    # The same frames between others that are masked: only distances matter.
    longer = torch.cat([torch.randn(1, 3, 16), x, torch.randn(1, 5, 16)], dim=1)
    mask = torch.zeros(1, 20, dtype=torch.bool)
    mask[:, 3:15] = True
    moved = layer(longer, relative_positions(20, 16, x.device, x.dtype), mask)[:, 3:15]
    assert torch.allclose(whole, moved, atol=1e-5)
    assert not torch.allclose(whole, layer(x.flip(1), positions, everyone).flip(1), atol=1e-3)  # and their sign


def test_a_mask_is_as_long_as_its_utterance() -> None:
    assert length_mask(torch.tensor([2, 0]), 3).tolist() == [[True, True, False], [False] * 3]
