"""What the recognisers learn: to spell what is said, and to name the word said at each frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from syncbench.baselines.recognisers.network import Recogniser
from syncbench.baselines.training.adversary import Pictures
from syncbench.baselines.training.precision import mixed_precision

__all__ = ["RecognitionObjective"]


class RecognitionObjective(nn.Module):
    """Trains networks on the same batches, by the hybrid loss of each and a linear layer that names words.

    The layer looks at the encoder's output; it is thrown away after training. ``words``: how many it tells apart;
    ``naming``: the weight of its loss.
    """

    def __init__(self, networks: Mapping[str, Recogniser], words: int, naming: float) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(networks)
        self.heads = nn.ModuleDict({n: nn.Linear(m.preset.dimension, words + 1) for n, m in networks.items()})
        self.naming = naming

    def parameters_of(self, name: str) -> tuple[nn.Parameter, ...]:
        """Return what is trained of a network and its layer."""
        both = (self.networks[name], self.heads[name])
        return tuple(p for module in both for p in module.parameters() if p.requires_grad)

    def forward(self, batch: Mapping[str, Any]) -> tuple[dict[str, Tensor], Pictures | None]:
        lengths, named = batch["lengths"], batch["named"]
        weight = _even(named)
        found: dict[str, Tensor] = {}
        loss = torch.zeros((), device=lengths.device)
        for name, module in self.networks.items():
            network = cast("Recogniser", module)
            with mixed_precision(lengths.device.type):
                visual, audio = self._features(network, batch)
                memory, _ = network.encode(visual, audio, lengths)
                words = self.heads[name](memory)
            found[name] = network.loss(memory.float(), lengths, batch["texts"])
            loss = loss + found[name]
            if self.naming and bool((named >= 0).any()):
                each = F.cross_entropy(words.float().flatten(0, 1), named.flatten(), ignore_index=-1, reduction="none")
                loss = loss + self.naming * (each * weight.flatten()).sum() / weight.sum()
        return {"loss": loss, **found}, None

    def _features(self, network: Recogniser, batch: Mapping[str, Any]) -> tuple[Tensor | None, Tensor | None]:
        """Return a network's features of the streams it uses: stored ones, or its front ends' of what they see and hear."""
        if "mouths" in batch:
            return network.features(batch["mouths"], batch["speech"])
        visual = batch["visual"] if network.visual is not None else None
        return visual, batch["audio"] if network.audio is not None else None


def _even(named: Tensor) -> Tensor:
    """Return each frame's weight ``[B, T]``: one in all for each word of an utterance, one for its silences together."""
    weight = torch.zeros(named.shape, device=named.device)
    for row, labels in zip(weight, named, strict=True):
        for label in labels.unique():
            if label >= 0:
                row[labels == label] = 1.0 / float((labels == label).sum())
    return weight
