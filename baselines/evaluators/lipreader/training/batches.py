"""Batches of clips of about equal length, said quicker or slower, with short spans blanked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from syncbench.baselines.evaluators.expert.network import MOUTH, standardise
from syncbench.baselines.evaluators.lipreader.training.material import Material
from syncbench.baselines.evaluators.training.mouths import augment_mouths
from syncbench.baselines.training.batches import Batch, Running

__all__ = ["Mouths", "Views", "warp_times"]


def warp_times(length: int, dice: np.random.Generator) -> NDArray[np.int64]:
    """Return the source frame of each frame of a clip said up to 15 % quicker or slower, and here and there more so."""
    pieces = max(2, length // 10)
    speed = np.exp(dice.uniform(-0.15, 0.15) + dice.normal(0, 0.15, pieces))
    each = np.interp(np.linspace(0, pieces - 1, length), np.arange(pieces), 1 / speed)
    said = np.concatenate([[0], np.cumsum(each)[:-1]])  # when each source frame is now seen, in frames
    wanted = np.linspace(0, said[-1], max(2, round(float(said[-1])) + 1))
    return np.asarray(np.rint(np.interp(wanted, said, np.arange(length))), np.int64)


class _Clips(Running):
    """Clips of about equal length together, in random order, for ever; a subclass says what is seen of them."""

    def __init__(self, material: Material, count: int, seed: int) -> None:
        super().__init__(seed)
        self.material, self.count = material, count
        self.waiting: list[NDArray[np.int64]] = []

    def _picked(self) -> NDArray[np.int64]:
        if not self.waiting:
            sizes = np.diff(self.material.starts)
            order = np.argsort(sizes + self.dice.uniform(0, 6, len(sizes)), kind="stable")
            groups = [order[k : k + self.count] for k in range(0, len(order), self.count)]
            self.waiting = [groups[k] for k in self.dice.permutation(len(groups))]
        return self.waiting.pop(0)

    def _times(self, clip: int) -> NDArray[np.int64]:
        """Return the frames of a clip, at another speed."""
        first, last = (int(place) for place in self.material.starts[clip : clip + 2])
        return first + warp_times(last - first, self.dice)

    def seen(self, times: Sequence[NDArray[np.int64]]) -> Tensor:
        """Return what the network is given of clips, ``[B, T, ...]``."""
        raise NotImplementedError

    def __call__(self, step: int, rank: int) -> Batch:
        clips = self._picked().tolist()
        times = [self._times(clip) for clip in clips]
        seen = self.seen(times)
        said = _padded([torch.from_numpy(self.material.said[t]) for t in times])
        lengths = torch.tensor([len(t) for t in times])
        return {"seen": seen, "said": said, "lengths": lengths, "texts": [self.material.texts[clip] for clip in clips]}

    def state(self) -> dict[str, Tensor]:
        waiting = torch.full((len(self.waiting), self.count), -1)
        for row, clips in zip(waiting, self.waiting, strict=True):
            row[: len(clips)] = torch.from_numpy(clips)
        return super().state() | {"waiting": waiting}

    def restore(self, step: int, state: Mapping[str, Tensor]) -> None:
        super().restore(step, state)
        self.waiting = [row[row >= 0].numpy() for row in state["waiting"]]


class Views(_Clips):
    """Batches of what the trunk sees of clips, with noise. ``look`` gives it (see ``look_at``), when first needed."""

    def __init__(self, material: Material, look: Callable[[], NDArray[np.float16]], count: int, seed: int) -> None:
        super().__init__(material, count, seed)
        self._look = look

    @cached_property
    def views(self) -> NDArray[np.float16]:
        return self._look()

    def seen(self, times: Sequence[NDArray[np.int64]]) -> Tensor:
        drawn = [self.views[int(self.dice.integers(len(self.views)))][t].astype(np.float32) for t in times]
        features = _padded([torch.from_numpy(view) for view in drawn])
        features = features + 0.1 * torch.randn(features.shape, generator=self.rng)
        return _hide(features, self.rng)


class Mouths(_Clips):
    """Batches of augmented mouths."""

    def seen(self, times: Sequence[NDArray[np.int64]]) -> Tensor:
        crops = _padded([torch.from_numpy(self.material.mouths[t]) for t in times])
        return _hide(standardise(augment_mouths(crops.float(), self.rng, MOUTH)), self.rng)


def _padded(pieces: Sequence[Tensor]) -> Tensor:
    """Stack clips, the last frame of the shorter ones held."""
    longest = max(len(p) for p in pieces)
    return torch.stack([torch.cat([p, p[-1:].expand(longest - len(p), *p.shape[1:])]) for p in pieces])


def _hide(x: Tensor, rng: torch.Generator) -> Tensor:
    """Blank one or two short spans of each clip, [B, T, ...]: context must fill them."""
    batch, length = x.shape[:2]
    times = torch.arange(length)
    for _ in range(2):
        start = torch.randint(0, length, (batch, 1), generator=rng)
        wide = torch.randint(0, 7, (batch, 1), generator=rng)
        gone = (times >= start) & (times < start + wide)
        x = x.masked_fill(gone.reshape(batch, length, *[1] * (x.ndim - 2)), 0.0)
    return x
