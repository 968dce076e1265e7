"""From memory to text as Auto-AVSR decodes: beam search over attention and CTC prefixes; and greedy CTC, which is quick.

Source: S. Watanabe et al., "Hybrid CTC/Attention Architecture for End-to-End Speech Recognition" (IEEE JSTSP 2017); the
candidates, the weights and the end of the search are those of ESPnet's batched search as mpc001/auto_avsr runs it: beam 40,
CTC 0.1, no language model, no bonus for length, texts of at most one unit a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from syncbench.baselines.evaluators.auto_avsr.network import BLANK, GrowingTexts, VisualRecogniser
from syncbench.errors import Unavailable

__all__ = ["BEAM", "CTC", "Text", "beam_search", "greedy_ctc", "read_units", "spell"]

BEAM = 40
"""Texts that are kept."""
CTC = 0.1
"""Weight of the CTC prefix score; the decoder has the rest."""
_NEVER = -1e10
_CANDIDATES = 1.5  # the decoder's best units of each text that CTC looks at, in beams
_BEHIND, _LENGTHS = 10.0, 3  # the search ends where the last three lengths gave nothing better than the best less this


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is complete: its units, without the end, and its score."""

    units: tuple[int, ...]
    score: float


def greedy_ctc(log_probabilities: Tensor) -> tuple[int, ...]:
    """Return the best unit of each frame of ``[T, V]``, repetitions joined, blanks and the end left out."""
    end = log_probabilities.shape[1] - 1
    best = torch.unique_consecutive(log_probabilities.argmax(dim=-1))
    return tuple(unit for unit in best.tolist() if unit not in (BLANK, end))


def beam_search(network: VisualRecogniser, memory: Tensor, beam: int = BEAM, ctc: float = CTC) -> list[Text]:
    """Return the complete texts that are found in a clip's memory ``[T, d]``, the best first."""
    prefixes = _Prefixes(network.spelled(memory[None])[0])
    growing = GrowingTexts(network, memory)
    length, end = len(memory), prefixes.end
    texts = torch.full((1, 1), end)  # [N, u]
    score = torch.zeros(1)
    complete: list[Text] = []
    for step in range(length):
        attention = growing.read(texts[:, -1])  # [N, V]
        candidates = attention.topk(min(int(_CANDIDATES * beam), attention.shape[1]), dim=1).indices
        total = score[:, None] + (1 - ctc) * attention + ctc * prefixes.gains(texts[:, -1], candidates)
        score, best = total.flatten().topk(beam)
        parent, unit = best // total.shape[1], best % total.shape[1]
        texts = torch.cat([texts[parent], unit[:, None]], dim=1)
        ended = unit == end
        if step == length - 1:
            ended[:] = True
        complete += [
            Text(tuple(u for u in row[1:] if u != end), value)
            for row, value in zip(texts[ended].tolist(), score[ended].tolist(), strict=True)
        ]
        on = ~ended
        if _over(complete, step) or not on.any():
            break
        prefixes.choose(parent[on], unit[on])
        growing.choose(parent[on])
        texts, score = texts[on], score[on]
    return sorted(complete, key=lambda text: -text.score)


def _over(complete: list[Text], step: int) -> bool:
    """Return whether longer texts are not worth looking for: texts ended for a while, and each length far behind."""
    best: dict[int, float] = {}  # of the texts of each length
    for text in complete:
        best[len(text.units)] = max(text.score, best.get(len(text.units), _NEVER))
    lengths = range(step - 2, step - 2 - _LENGTHS, -1)  # those that ended two to four steps ago
    return bool(best) and all(n in best and best[n] - max(best.values()) < -_BEHIND for n in lengths)


class _Prefixes:
    """How likely it is, by CTC alone, that what is said begins with each of the growing texts.

    Args:
        frames: log-probabilities ``[T, V]``.

    Of each text and frame it keeps the log-probability that just this text has been said by then, and its last unit is
    sounding still (``said``), or is over (``paused``).
    """

    def __init__(self, frames: Tensor) -> None:
        self.frames = frames
        self.end = frames.shape[1] - 1
        self.paused = frames[:, BLANK].cumsum(dim=0)[:, None]  # [T, N]
        self.said = torch.full_like(self.paused, _NEVER)
        self.score = torch.zeros(1)  # [N]
        self.length = 0

    def gains(self, newest: Tensor, candidates: Tensor) -> Tensor:
        """Return what each unit adds to the score of each text, ``[N, V]``: next to nothing but for candidates and the end.

        Args:
            newest: unit of each text, ``[N]``. candidates: units ``[N, S]``.
        """
        self.candidates = candidates
        sound = self.frames[:, candidates]  # [T, N, S]
        whole = torch.logaddexp(self.said, self.paused)  # [T, N]
        # A unit that is said twice needs a pause between.
        reach = torch.where(candidates == newest[:, None], self.paused[..., None], whole[..., None])
        if self.length == 0:
            reach = whole[..., None].expand_as(sound)
        said, paused = torch.full_like(sound, _NEVER), torch.full_like(sound, _NEVER)
        if self.length == 0:
            said[0] = sound[0]
        first = max(1, self.length)
        for t in range(first, len(sound)):
            said[t] = torch.logaddexp(said[t - 1], reach[t - 1]) + sound[t]
            paused[t] = torch.logaddexp(said[t - 1], paused[t - 1]) + self.frames[t, BLANK]
        begun = torch.cat([said[first - 1 : first], reach[first - 1 : -1] + sound[first:]]).logsumexp(dim=0)  # [N, S]
        self.extended = said, paused
        self.scores = torch.full((len(newest), self.frames.shape[1]), _NEVER).scatter(1, candidates, begun)
        self.scores[:, self.end] = whole[-1]
        self.scores[:, BLANK] = _NEVER
        return self.scores - self.score[:, None]

    def choose(self, texts: Tensor, units: Tensor) -> None:
        """Go on with the texts ``texts [N]``, each with its new unit of ``units [N]``."""
        place = (self.candidates[texts] == units[:, None]).int().argmax(dim=1)
        self.said, self.paused = (state[:, texts, place] for state in self.extended)
        self.score = self.scores[texts, units]
        self.length += 1


def read_units(path: Path) -> tuple[str, ...]:
    """Return the units of text from a file of ``unit number`` lines, by number, with blank first and end last.

    Raises Unavailable where the file is no such list.
    """
    try:
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{path}: not a readable list of units ({error})") from error
    wrong = next((number for number, line in enumerate(lines, 1) if len(line) != 2 or line[1] != str(number)), None)
    if wrong or not lines:
        raise Unavailable(f"{path}: not a list of units: line {wrong or 1} is not 'unit {wrong or 1}'")
    return ("<blank>", *(unit for unit, _ in lines), "<eos>")


def spell(units: tuple[str, ...], numbers: tuple[int, ...]) -> str:
    """Return the text of units: joined, ``▁`` begins a word."""
    return " ".join("".join(units[number] for number in numbers).replace("▁", " ").split())
