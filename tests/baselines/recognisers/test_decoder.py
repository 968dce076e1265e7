"""The decoder's symbols, and texts that grow by one of them."""

from __future__ import annotations

import dataclasses

import torch

from syncbench.baselines.recognisers.conformer import length_mask
from syncbench.baselines.recognisers.decoder import SYMBOLS, decode_text, encode_text
from syncbench.baselines.recognisers.network import build

from .tiny import TINY


def test_symbol_by_symbol_the_decoder_says_what_it_says_of_the_whole_text() -> None:
    torch.manual_seed(2)
    decoder = build("audio", dataclasses.replace(TINY, layers=2)).decoder.eval()
    memory, mask = torch.randn(2, 9, 16), length_mask(torch.tensor([9, 6]), 9)
    texts = torch.randint(0, len(SYMBOLS), (6, 5))  # three of each utterance
    order = torch.tensor([2, 0, 0, 5, 3, 4])
    with torch.inference_mode():
        whole = decoder(texts, memory.repeat_interleave(3, dim=0), mask.repeat_interleave(3, dim=0))
        growing = decoder.begin(memory, mask, 3)
        for place in range(3):
            assert torch.allclose(growing.read(texts[:, place]), whole[:, place], atol=1e-5)
        growing.choose(order)
        assert torch.allclose(growing.read(texts[order, 3]), whole[order, 3], atol=1e-5)


def test_text_and_symbols() -> None:
    assert len(SYMBOLS) == 41
    assert decode_text(encode_text("it's  2 late\u00e9")) == "IT'S 2 LATE"
