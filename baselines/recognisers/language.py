"""A character n-gram language model: small, exact and trained in a second from transcripts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from syncbench.baselines.recognisers.decoder import BLANK, END, SYMBOLS, UNKNOWN, encode_text
from syncbench.errors import CommandError

__all__ = ["CharacterNgram"]

_Context = tuple[int, ...]


class CharacterNgram:
    """Probabilities of the next character given up to ``order - 1`` before it, interpolated by Witten and Bell's rule."""

    def __init__(self, texts: Iterable[str], order: int = 6) -> None:
        self.order = order
        self.counts: dict[_Context, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for text in texts:
            symbols = [END, *encode_text(text), END]
            for place in range(1, len(symbols)):
                for length in range(min(order, place + 1)):
                    self.counts[tuple(symbols[place - length : place])][symbols[place]] += 1
        usable = len(SYMBOLS) - 2
        self._even = [math.nan if s in (BLANK, UNKNOWN) else 1 / usable for s in range(len(SYMBOLS))]
        self._known: dict[_Context, Tensor] = {}

    @classmethod
    def of_file(cls, file: Path, order: int = 6) -> CharacterNgram:
        """Return the model of a file with one transcript a line. Raises CommandError where it cannot be read."""
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: give a UTF-8 file with one transcript a line") from error
        texts = [line for line in lines if line.strip()]
        if not texts:
            raise CommandError(f"{file} has no transcript: give a file with one transcript a line")
        return cls(texts, order)

    def next(self, prefixes: Tensor) -> Tensor:
        """Return log-probabilities ``[N, 41]`` of the symbol after each of ``prefixes [N, U]``; blank has -1e30."""
        rows = [self._after(tuple(prefix[1 - self.order :])) for prefix in prefixes.tolist()]
        return torch.stack(rows).to(prefixes.device)

    def _after(self, context: _Context) -> Tensor:
        if context not in self._known:
            probabilities = torch.tensor(self._probabilities(context))
            self._known[context] = probabilities.log().nan_to_num(-1e30)
        return self._known[context]

    def _probabilities(self, context: _Context) -> list[float]:
        shorter = self._probabilities(context[1:]) if context else self._even
        seen = self.counts.get(context)
        if not seen:
            return shorter
        total, kinds = sum(seen.values()), len(seen)
        return [(seen.get(s, 0) + kinds * p) / (total + kinds) for s, p in enumerate(shorter)]
