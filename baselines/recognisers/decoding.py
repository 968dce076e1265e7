"""From memory to text: greedy CTC, and batched beam search over attention, CTC prefixes and a language model.

The CTC prefix score of a hypothesis is the log-probability, under the CTC output, of all texts that begin with it
(Watanabe et al., IEEE JSTSP 2017, "Hybrid CTC/attention architecture"); of an ended one, of exactly that text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from syncbench.baselines.recognisers.conformer import length_mask
from syncbench.baselines.recognisers.decoder import BLANK, END, UNKNOWN
from syncbench.baselines.recognisers.network import Recogniser

__all__ = ["Beam", "LanguageModel", "PrefixScorer", "beam_search", "greedy_ctc"]

NEVER = -1e30
OFF = -1e4  # of symbols after the end of an utterance: sums of it still hold their decimals


class LanguageModel(Protocol):
    """Scores the next symbol."""

    def next(self, prefixes: Tensor) -> Tensor:
        """Return log-probabilities ``[N, 41]`` of the symbol after each of ``prefixes [N, U]`` (first column: end)."""
        ...


@dataclass(frozen=True, slots=True)
class Beam:
    """How to search.

    Attributes:
        width: hypotheses kept.
        ctc: weight of the CTC prefix score; the attention decoder has the rest.
        language: weight of the language model.
        bonus: added for each symbol.
    """

    width: int = 10
    ctc: float = 0.3
    language: float = 0.0
    bonus: float = 0.0


def greedy_ctc(log_probabilities: Tensor, lengths: Tensor) -> list[list[int]]:
    """Return the best symbol of each frame ``[B, T, V]``, repeats and blanks taken out."""
    texts: list[list[int]] = []
    for path, length in zip(log_probabilities.argmax(dim=-1), lengths.tolist(), strict=True):
        merged = torch.unique_consecutive(path[:length])
        texts.append([int(s) for s in merged if int(s) != BLANK])
    return texts


class PrefixScorer:
    """CTC prefix scores of growing hypotheses, several per utterance.

    Args:
        log_probabilities: ``[B, T, V]``. lengths: ``[B]`` frames. width: hypotheses per utterance.

    Hypothesis ``n`` belongs to utterance ``n // width``. The state holds, for each hypothesis and frame, the
    log-probability of having said just it by then, ending in its last symbol (``said``) or in a blank (``paused``).
    """

    def __init__(self, log_probabilities: Tensor, lengths: Tensor, width: int) -> None:
        after = ~length_mask(lengths, log_probabilities.shape[1])
        frames = log_probabilities.double().masked_fill(after[..., None], OFF)
        frames[..., BLANK] = frames[..., BLANK].masked_fill(after, 0.0)
        self.frames = frames.repeat_interleave(width, dim=0).transpose(0, 1).contiguous()  # [T, N, V]
        self.sums = self.frames.cumsum(dim=0)
        self.paused = self.sums[..., BLANK]  # [T, N]
        self.said = torch.full_like(self.paused, NEVER)
        self.empty = True

    def extend(self, last: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the score of each hypothesis with each symbol added, ``[N, V]``, and the states, ``[T, N, V]``.

        ``last [N]`` is each hypothesis' last symbol. The end's score is that of the hypothesis as it stands.
        """
        total = torch.logaddexp(self.said, self.paused)  # [T, N]
        reach = total[..., None].repeat(1, 1, self.frames.shape[-1])
        if not self.empty:
            # A symbol said twice needs a blank between.
            reach.scatter_(2, last[None, :, None].expand(len(total), -1, 1), self.paused[..., None])
        # said[t] = log(e^said[t-1] + e^reach[t-1]) + frames[t], for all t at once: a running sum of what enters, each
        # taken against the symbol's log-probabilities summed so far; likewise paused.
        first = self.frames[:1] if self.empty else torch.full_like(self.frames[:1], NEVER)
        entered = torch.cat([first - self.sums[:1], (reach - self.sums)[:-1]])
        said = self.sums + entered.logcumsumexp(dim=0)
        blanks = self.sums[..., BLANK, None]
        never = torch.full_like(said[:1], NEVER)
        paused = torch.cat([never, blanks[1:] + (said - blanks)[:-1].logcumsumexp(dim=0)])
        scores = torch.cat([first, reach[:-1] + self.frames[1:]]).logsumexp(dim=0)
        scores[:, END] = total[-1]
        scores[:, BLANK] = NEVER
        return scores, said, paused

    def choose(self, hypothesis: Tensor, symbol: Tensor, said: Tensor, paused: Tensor) -> None:
        """Keep the states of the hypotheses ``hypothesis [N]`` extended by ``symbol [N]``."""
        self.said, self.paused = said[:, hypothesis, symbol], paused[:, hypothesis, symbol]
        self.empty = False


def beam_search(
    network: Recogniser, memory: Tensor, lengths: Tensor, beam: Beam, language: LanguageModel | None = None
) -> list[list[int]]:
    """Return the best text of each utterance, as symbol numbers.

    Args:
        memory: ``[B, T, d]``. lengths: ``[B]`` frames. A text has at most one symbol per frame.
    """
    batch, width = len(memory), beam.width
    scorer = PrefixScorer(network.ctc(memory).float().log_softmax(dim=-1), lengths, width)
    growing = network.decoder.begin(memory, length_mask(lengths, memory.shape[1]), width)
    texts = torch.full((batch * width, 1), END, device=memory.device)
    # At first all hypotheses are equal: only one of each utterance may grow.
    score = torch.full((batch, width), NEVER, device=memory.device)
    score[:, 0] = 0.0
    ctc_score = torch.zeros(batch * width, device=memory.device)
    ended = torch.zeros(batch * width, dtype=torch.bool, device=memory.device)
    offset = (torch.arange(batch, device=memory.device) * width)[:, None]
    for _ in range(memory.shape[1] + 1):
        attention = growing.read(texts[:, -1]).float().log_softmax(dim=-1)  # [N, V]
        prefix, said, paused = scorer.extend(texts[:, -1])
        prefix = prefix.float()
        gain = (1.0 - beam.ctc) * attention + beam.ctc * (prefix - ctc_score[:, None])
        if language is not None and beam.language:
            gain = gain + beam.language * language.next(texts)
        gain = gain + beam.bonus
        gain[:, [BLANK, UNKNOWN]] = NEVER
        gain[:, END] -= beam.bonus
        gain[ended] = NEVER
        gain[ended, END] = 0.0
        candidates = (score.view(-1, 1) + gain).view(batch, -1)  # [B, width * V]
        score, best = candidates.topk(width, dim=1)
        symbols = gain.shape[1]
        chosen = (offset + best // symbols).flatten()
        symbol = (best % symbols).flatten()
        was = ended[chosen]
        ctc_score = torch.where(was, ctc_score[chosen], prefix[chosen, symbol])
        scorer.choose(chosen, symbol, said, paused)
        growing.choose(chosen)
        texts = torch.cat([texts[chosen], symbol[:, None]], dim=1)
        ended = was | (symbol == END)
        done = ended.view(batch, width)
        if bool(done[:, 0].all() if beam.bonus <= 0 else done.all()):
            break
    winners = texts.view(batch, width, -1)[:, 0].tolist()
    return [[s for s in text if s not in (BLANK, END)] for text in winners]
