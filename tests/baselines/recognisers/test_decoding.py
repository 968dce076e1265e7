"""Decoding held against brute force."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from syncbench.baselines.recognisers.decoder import BLANK, END, SYMBOLS
from syncbench.baselines.recognisers.decoding import Beam, PrefixScorer, beam_search, greedy_ctc
from syncbench.baselines.recognisers.network import build

from .tiny import TINY


def said(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(s for s, _ in itertools.groupby(path) if s != BLANK)


def test_ctc_prefix_scores_equal_brute_force() -> None:
    torch.manual_seed(0)
    frames, symbols = 5, 3  # blank, a, b; the end is the 41st symbol and never on a path
    logits = torch.full((1, frames, len(SYMBOLS)), -1e4)
    logits[0, :, :symbols] = torch.randn(frames, symbols)
    log = logits.log_softmax(-1)
    paths = {
        p: sum(float(log[0, t, s]) for t, s in enumerate(p)) for p in itertools.product(range(symbols), repeat=frames)
    }

    def total(keep) -> float:
        chosen = [math.exp(v) for p, v in paths.items() if keep(said(p))]
        return math.log(sum(chosen)) if chosen else -1e30

    for text in ((1,), (1, 1), (1, 2), (2, 1, 2), (1, 1, 2)):
        scorer = PrefixScorer(log.clone(), torch.tensor([frames]), 1)
        last = torch.tensor([END])
        for place, symbol in enumerate(text):
            scores, spoken, paused = scorer.extend(last)
            prefix = text[: place + 1]
            assert float(scores[0, symbol]) == pytest.approx(total(lambda t, p=prefix: t[: len(p)] == p), abs=1e-4)
            assert float(scores[0, END]) == pytest.approx(total(lambda t, p=prefix[:-1]: t == p), abs=1e-4)
            last = torch.tensor([symbol])
            scorer.choose(torch.tensor([0]), last, spoken, paused)
        assert float(scorer.extend(last)[0][0, END]) == pytest.approx(total(lambda t, p=text: t == p), abs=1e-4)


def test_beam_search_finds_the_best_text_of_a_toy_problem() -> None:
    class Toy(torch.nn.Module):
        """A network whose output does not depend on the memory's values: tables of log-probabilities."""

        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(5)
            self.table = torch.full((len(SYMBOLS), len(SYMBOLS)), -20.0)
            self.table[:, [3, 4, END]] = torch.randn(len(SYMBOLS), 3) * 1.5
            self.frames = torch.full((6, len(SYMBOLS)), -20.0)
            self.frames[:, [BLANK, 3, 4]] = torch.randn(6, 3) * 1.5

        @property
        def decoder(self):
            return self

        def begin(self, memory, mask, width):
            return self

        def read(self, last):
            return self.table[last]

        def choose(self, texts):
            pass

        def ctc(self, memory):
            return self.frames.expand(len(memory), -1, -1)[:, : memory.shape[1]]

    toy = Toy()
    log = toy.frames.log_softmax(-1)
    paths = [
        (said(p), sum(float(log[t, s]) for t, s in enumerate(p))) for p in itertools.product((BLANK, 3, 4), repeat=6)
    ]
    table = toy.table.log_softmax(-1)
    for weight in (0.0, 0.3, 0.7):
        best, score = (), -1e9
        for length in range(6):
            for text in itertools.product((3, 4), repeat=length):
                chain = (END, *text, END)
                attention = sum(float(table[a, b]) for a, b in itertools.pairwise(chain))
                aligned = [math.exp(v) for t, v in paths if t == text]
                ctc = math.log(sum(aligned)) if aligned else -1e30
                whole = (1 - weight) * attention + weight * (ctc if weight else 0.0)
                if whole > score:
                    best, score = text, whole
        memory, lengths = torch.zeros(2, 6, 4), torch.tensor([6, 6])
        found = beam_search(toy, memory, lengths, Beam(width=30, ctc=weight))  # type: ignore[arg-type]
        assert [tuple(f) for f in found] == [best, best], weight


def test_batches_decode_as_single_utterances_do() -> None:
    torch.manual_seed(3)
    network = build("audio", TINY).eval()
    memory, lengths = torch.randn(3, 14, 16), torch.tensor([14, 9, 11])
    with torch.inference_mode():
        together = beam_search(network, memory, lengths, Beam(width=4))
        alone = [
            beam_search(network, memory[i : i + 1, :n], lengths[i : i + 1], Beam(4))[0] for i, n in enumerate(lengths)
        ]
    assert together == alone
    assert all(len(text) <= int(n) for text, n in zip(together, lengths, strict=True))


def test_greedy_takes_repeats_and_blanks_out() -> None:
    path = torch.tensor([[BLANK, 5, 5, BLANK, 5, 6, 6, BLANK, 7, 7]])
    log = torch.nn.functional.one_hot(path, len(SYMBOLS)).float()
    assert greedy_ctc(log, torch.tensor([8])) == [[5, 5, 6]]
